import Type from 'typebox';
import { modelNames } from '../../super-resolution/model-names.ts';
import { viewModel } from '../../super-resolution/model-view.ts';
import { nullable } from '../../web/nullable.ts';
import { problems } from '../../web/problem.ts';
import type { HttpApp, HttpParts } from '../http-parts.ts';

const qualitySchema = Type.Object({
  psnr: Type.Number({ description: 'Of luma, in dB.' }),
  ssim: Type.Number({ description: 'Of luma, 1 at most.' }),
  perceptual: Type.Number({
    description: 'How different it looks from the original, in features of MobileNetV2; 0 is the same.',
  }),
});

const qualitiesSchema = Type.Record(Type.String(), qualitySchema);

const modelSchema = Type.Object({
  name: Type.Enum([...modelNames], { type: 'string', description: "What an output's `upscale` calls it." }),
  scale: Type.Integer({ description: 'How many times this network enlarges each side.' }),
  source: Type.Enum(['shipped', 'imported'], {
    type: 'string',
    description: "Trained for Tintype and shipped with it, or the operator's own weights.",
  }),
  precision: Type.Enum(['float32', 'int8'], { type: 'string', description: 'Of the weights in use.' }),
  architecture: Type.String(),
  parameters: Type.Integer(),
  quality: nullable(qualitiesSchema, { description: 'As measured, by test set; null where nobody has.' }),
  jpegQuality: nullable(qualitiesSchema, {
    description: 'The same from small images that were JPEG files of quality 30; of float32 weights.',
  }),
  data: nullable(Type.String(), { description: 'What it learnt from.' }),
  training: nullable(Type.String()),
  weaknesses: nullable(Type.String(), { description: 'What it is bad at.' }),
});

const schema = {
  tags: ['models'],
  summary: 'The super-resolution models',
  description:
    'One entry for each network, by name and scale. Another scale than there is of a model is the next larger network, ' +
    'and a resize.',
  response: {
    200: Type.Object({ models: Type.Array(modelSchema) }, { description: 'All of them.' }),
    ...problems(403, 503),
  },
};

export function listModels(app: HttpApp, { models }: HttpParts): void {
  app.get('/models', { schema }, async () => ({ models: models.networks().map(viewModel) }));
}
