// @ts-check
// What the server says, as package admin/desk documents it.

/**
 * @typedef {object} State
 * @property {string} user
 * @property {string} proxy
 * @property {boolean} opener
 * @property {number} idle
 * @property {number} left
 * @property {string} [rest]
 */

/** @typedef {{id: string, reason: string, at: string, reporter: number, weight: number, lines: number, note?: boolean}} Report */
/** @typedef {{at: string, label: string, score: number, model?: string, rule: string, viewer: number, support: string, did: string[] | null}} Flag */
/** @typedef {{do: string, by: string, at: string, reason: string, confirmed?: string}} Decision */

/**
 * @typedef {object} Case
 * @property {string} id
 * @property {string} state
 * @property {string} gravity
 * @property {number} score
 * @property {string} opened
 * @property {string} [session]
 * @property {string} [kind]
 * @property {Report[]} reports
 * @property {number} [more]
 * @property {Flag[]} [flags]
 * @property {{by: string, until: string}} [claim]
 * @property {Decision} [decision]
 * @property {string[]} [actions]
 * @property {{bans: {id: string, scope: string, prefix?: string, reason: string, by: string, until?: string}[]}} [appeal]
 */

/** @typedef {{name: string, type: string, at: string, data: string}} Part with data in base64 */
/** @typedef {{id: string, at: string, data: string}} Sealed */
/** @typedef {{case: string, parts: Part[], sealed: Sealed[]}} Evidence */
/** @typedef {{cases: Case[], total: number, state: State}} Queue */
/** @typedef {{case: Case, evidence: Evidence, state: State}} Opened */
/** @typedef {{id: string, until?: string, kind: string}} Ban */

/**
 * @typedef {object} Result
 * @property {Case} case
 * @property {{ban: Ban, ended_sessions: number}} [ban]
 * @property {boolean} [ended]
 * @property {boolean} [warned]
 * @property {Ban[]} [lifted]
 * @property {string} [warning]
 */

export {};
