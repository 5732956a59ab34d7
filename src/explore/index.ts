export { type ExploreJob, type Explorer, explore, exportExplorer } from './explore.ts';
