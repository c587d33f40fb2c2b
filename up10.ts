import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { readFileSync } from 'node:fs';
const { Service } = await import(process.cwd()+'/test/support/service.ts');
const s = await Service.start(JSON.parse(process.argv[6] ?? '{}'));
const status = () => { const t = readFileSync(`/proc/${s.process.pid}/status`,'utf8'); return ['VmHWM','VmRSS','RssAnon','RssFile','Threads'].map(k=>`${k} ${Number(new RegExp(k+':\\s+(\\d+)').exec(t)?.[1])}`).join(' ') };
console.log('idle', status());
const grab = async()=>{ const t = await (await fetch(s.url+'/metrics')).text(); return ['nodejs_heap_size_total_bytes','nodejs_heap_size_used_bytes','nodejs_external_memory_bytes'].map(k=>k.slice(7,25)+' '+(Number(new RegExp('^'+k+' (.*)','m').exec(t)?.[1])/1e6).toFixed(1)).join(' ')+' '+[...t.matchAll(/heap_space_size_used_bytes.space="(new|old|large_object)". (.*)/g)].map(m=>m[1]+' '+(m[2]/1e6).toFixed(1)).join(' ')}; const timer = setInterval(async()=>console.log(status(), await grab()), 3000);
const t0=performance.now();
try { const {stdout} = await promisify(execFile)(process.execPath, ['bench/support/slow-uploads.ts', s.url, ...process.argv.slice(2,6)]); console.log(stdout.trim(), Math.round((performance.now()-t0)/1000)+' s'); } catch(e){console.log(e)}
clearInterval(timer); console.log('end', status());
await s[Symbol.asyncDispose]();
