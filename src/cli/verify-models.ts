import { Command } from 'commander';
import type { ModelNetwork } from '../super-resolution/model-library.ts';
import { exitCodes, type SetExitCode } from './exit-codes.ts';
import { openLibrary } from './model-library.ts';

export function verifyModelsCommand(setExitCode: SetExitCode): Command {
  return new Command('verify')
    .description('compare what each network makes of a small image with a plain evaluation in float64')
    .action(async () => {
      let areRight = true;
      for (const network of openLibrary().networks()) areRight = (await verify(network)) && areRight;
      setExitCode(areRight ? exitCodes.ok : exitCodes.failed);
    });
}

async function verify(network: ModelNetwork): Promise<boolean> {
  // Loaded only here, because it brings a library of megabytes.
  const { verifyNetwork } = await import('../super-resolution/verify/verify-network.ts');
  const { name, scale } = network.card;
  let areRight = true;
  try {
    for await (const { precision, levels, isRight } of verifyNetwork(network)) {
      areRight &&= isRight;
      const rounded = precision === 'float32' ? '' : ', as its weights are rounded';
      const verdict = isRight ? '' : ': WRONG';
      const difference = `differs by at most ${levels.toPrecision(2)} of 255`;
      console.log(`${name} ×${scale} ${precision} ${difference}${rounded}${verdict}`);
    }
  } catch (error) {
    console.error(`${name} ×${scale} can't be verified: ${error instanceof Error ? error.message : error}`);
    return false;
  }
  return areRight;
}
