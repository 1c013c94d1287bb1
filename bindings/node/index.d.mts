export * from './index.js';

declare const parley: typeof import('./index.js');
export default parley;
