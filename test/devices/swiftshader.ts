import { existsSync } from 'node:fs';

const CHROMIUM = '/usr/lib/chromium';
const ICD = `${CHROMIUM}/vk_swiftshader_icd.json`;

/**
 * Whether compute processes find a driver for WebGPU: the one that `VK_ICD_FILENAMES` names, or
 * SwiftShader, which comes with Chromium and computes on the processor. They inherit the environment
 * that this sets.
 */
export function hasVulkanDriver(): boolean {
  if (process.env.VK_ICD_FILENAMES !== undefined) return true;
  if (!existsSync(ICD)) return false;
  process.env.VK_ICD_FILENAMES = ICD;
  // Chromium brings the loader of Vulkan too.
  process.env.LD_LIBRARY_PATH = [CHROMIUM, process.env.LD_LIBRARY_PATH].filter(Boolean).join(':');
  return true;
}
