import { render } from 'preact';
import './style.css';

const w = new Worker(new URL('./live/worker.ts', import.meta.url), { type: 'module' });
w.onmessage = e => console.log(e.data);
render(<p>Hello</p>, document.getElementById('page')!);
