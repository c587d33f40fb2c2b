import type { JobView, TaskView } from './job.ts';
import type { JobLine } from './job-log.ts';
import type { JobStatus } from './job-state.ts';

export interface JobPage {
  readonly title: string;
  /** One sentence. */
  readonly purpose: string;
}

/** How often the page is loaded again, in seconds. */
const refreshSeconds = 5;

const style = `
body { font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 3rem auto; padding: 0 1rem; color: #1d2b1f; background: #f6f8f4 }
h1 { margin: 0 } p.purpose { margin: .2rem 0 1.5rem; color: #55645a }
main { background: #fff; border: 1px solid #d9e2d6; border-radius: 10px; padding: 1.5rem }
.status { display: inline-block; padding: .1rem .8rem; border-radius: 1rem; color: #fff; font-weight: 600 }
.running { background: #2e7d32 } .paused { background: #b26a00 } .stopped { background: #8c2f2f }
form { display: inline } button, a.button { font: inherit; padding: .4rem 1.1rem; margin: 1rem .4rem 1rem 0; border: 1px solid #9fb39a; border-radius: 6px;
background: #eef4ec; color: inherit; text-decoration: none; display: inline-block; cursor: pointer } button:disabled { opacity: .45; cursor: default }
table { border-collapse: collapse; width: 100% } th, td { text-align: left; padding: .4rem .6rem; border-top: 1px solid #e4ebe1 } td.fault { color: #8c2f2f }
pre { white-space: pre-wrap; overflow-wrap: anywhere; font-size: 14px } .warn { color: #8c2f2f }`;

/** A job's page: what it is doing, and the buttons Start, Pause, Stop and Open Logs. Works without scripts. */
export function jobPage({ title, purpose }: JobPage, { status, tasks }: JobView): string {
  return htmlPage(
    title,
    `<h1>${text(title)}</h1><p class="purpose">${text(purpose)}</p><main>
<p>Status: <span class="status ${status}">${status}</span></p>
${button('start', 'Start', status === 'running')}${button('pause', 'Pause', status !== 'running')}${button('stop', 'Stop', status === 'stopped')}<a class="button" href="logs" target="_blank">Open Logs</a>
<table><tr><th>Task</th><th>Every</th><th>Next</th><th>Last</th><th>Runs</th></tr>
${tasks.map(task => taskRow(task, status)).join('\n')}
</table></main>`,
  );
}

export function logPage({ title }: JobPage, lines: readonly JobLine[]): string {
  const shown = lines.map(
    line => `<span class="${line.level}">${line.at.toISOString()}  ${text(line.text)}</span>`,
  );
  return htmlPage(
    `${title}: logs`,
    `<h1>${text(title)}: logs</h1><p class="purpose">The newest first.</p><main><pre>${shown.join('\n') || 'Nothing yet.'}</pre></main>`,
  );
}

function htmlPage(title: string, body: string): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta http-equiv="refresh" content="${refreshSeconds}">
<title>${text(title)}</title><style>${style}</style></head>
<body>${body}</body></html>
`;
}

function button(action: string, label: string, isDisabled: boolean): string {
  return `<form method="post" action="${action}"><button${isDisabled ? ' disabled' : ''}>${label}</button></form>`;
}

function taskRow(task: TaskView, status: JobStatus): string {
  const last = task.lastRun === undefined ? 'not yet' : new Date(task.lastRun).toISOString().slice(0, 19);
  const fault = task.lastFault ? `<br>${text(task.lastFault)}` : '';
  const cells = [text(task.name), `${task.everySeconds} s`, nextRun(task, status)].map(
    cell => `<td>${cell}</td>`,
  );
  return `<tr>${cells.join('')}<td${fault && ' class="fault"'}>${last}${fault}</td><td>${task.runs}</td></tr>`;
}

function nextRun({ due, left, isRunning }: TaskView, status: JobStatus): string {
  if (isRunning) return 'now';
  if (status === 'paused') return left === undefined ? '' : `${seconds(left)} after Start`;
  return due === undefined ? '' : `in ${seconds(Math.max(0, due - Date.now()))}`;
}

function seconds(ms: number): string {
  return `${Math.ceil(ms / 1_000)} s`;
}

function text(plain: string): string {
  return plain.replace(/[&<>"']/g, character => `&#${character.charCodeAt(0)};`);
}
