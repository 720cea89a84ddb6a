// @ts-check
// Saying it in words.

/** How long ago. @param {string} at */
export function age(at) {
  const seconds = Math.max(0, (Date.now() - Date.parse(at)) / 1000);
  if (seconds < 60) return 'just now';
  if (seconds < 2 * 3600) return `${Math.round(seconds / 60)} min ago`;
  if (seconds < 3 * 86400) return `${Math.round(seconds / 3600)} h ago`;
  return `${Math.round(seconds / 86400)} days ago`;
}

/** A time of day, as the clock on the wall has it. @param {string} at */
export function clock(at) {
  return new Date(at).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
}

/** @param {string} at */
export function moment(at) {
  return new Date(at).toLocaleString([], { dateStyle: 'medium', timeStyle: 'short' });
}

/** @param {number} n @param {string} one @param {string} [many] */
export function count(n, one, many = `${one}s`) {
  return `${n.toLocaleString('en')} ${n === 1 ? one : many}`;
}

/** The reasons of a case: nudity ×2, still: porn. @param {import('./types.js').Case} k */
export function reasons(k) {
  const counts = /** @type {Map<string, number>} */ (new Map());
  const add = (/** @type {string} */ what) => counts.set(what, (counts.get(what) ?? 0) + 1);
  for (const { reason } of k.reports) add(reason);
  for (const { label } of k.flags ?? []) add(`still: ${label}`);
  if (k.kind && k.kind !== 'report') add(k.kind);
  return [...counts].sort((a, b) => b[1] - a[1]).map(([what, n]) => (n > 1 ? `${what} ×${n}` : what)).join(', ');
}

/** Who has a case, or who waits for a second person. @param {import('./types.js').Case} k @param {string} user */
export function state(k, user) {
  const held = k.claim && Date.parse(k.claim.until) > Date.now() ? k.claim : null;
  const parts = [];
  if (k.state === 'pending' && k.decision) parts.push(`to confirm: ${k.decision.do} by ${k.decision.by}`);
  if (held) parts.push(held.by === user ? 'with you' : `with ${held.by} until ${clock(held.until)}`);
  return parts.join(', ');
}

/** What the actions of cases mean. The server says which there are. */
const known = /** @type {Record<string, {key: string, name: string, does: string}>} */ ({
  dismiss: { key: 'd', name: 'Dismiss', does: 'Dismiss: the reports were wrong, and their reporters count for less from now on' },
  warn: { key: 'w', name: 'Warn', does: 'Warn: the visitor reads the reason, if still there' },
  end: { key: 'e', name: 'End session', does: 'End the session; the visitor may come back' },
  ban: { key: 'b', name: 'Ban', does: 'Ban every address of the session for a time' },
  permanent: { key: 'p', name: 'Ban for good', does: 'Ban every address of the session for good' },
  uphold: { key: 'u', name: 'Uphold', does: 'Uphold: the ban stays' },
  lift: { key: 'l', name: 'Lift the ban', does: 'Lift the ban' },
});

/** One that is not known here gets a digit. @param {string} action @param {number} place from 0 */
export function action(action, place) {
  return known[action] ?? { key: String((place + 1) % 10), name: action, does: action };
}

/** Reasons to pick from, those that fit first. @param {import('./types.js').Case} k */
export function picks(k) {
  const about = /** @type {Record<string, string>} */ ({
    nudity: 'Nudity.', porn: 'Nudity.', hentai: 'Nudity.', sexy: 'Nudity.', violence: 'Violence or threats.', harassment: 'Harassment.',
    hate: 'Hate.', spam: 'Advertising or spam.', minor: 'You seem to be under 18.', guardian: 'You seem to be under 18.',
  });
  const fitting = [...k.reports.map(({ reason }) => reason), ...(k.flags ?? []).map(({ label }) => label)].map((reason) => about[reason] ?? '');
  return [...new Set([...fitting, ...Object.values(about), 'Nothing against the rules.'])].filter(Boolean);
}
