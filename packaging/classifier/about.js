// What the service says of its model, without loading it.

import { readFileSync } from 'node:fs';

/** What the model tells apart, in the order of its output: NSFW_CLASSES of nsfwjs. */
export const labels = ['drawing', 'hentai', 'neutral', 'porn', 'sexy'];

/** Whether one of the labels tells of age. */
export const ages = false;

/** The model's name. With the pinned version, since another may score differently. */
export const name = `nsfwjs-mobilenet_v2@${JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8')).dependencies.nsfwjs}`;
