export { type ExploreJob, type Explorer, explore, exportExplorer } from './explore.ts';
export { type FoundFolder, findFolders, kindOfFolder, readFolder } from './folders.ts';
export { type TextOptions, withTexts } from './token-texts.ts';
