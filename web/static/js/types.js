// @ts-check
// Types that the modules share, those of joingy.v1 first. There is no code here.

/** @typedef {'video' | 'text'} Mode */

/** @typedef {'start' | 'connecting' | 'waiting' | 'chatting' | 'left' | 'banned'} State */

/**
 * What `welcome` and `ice` say about the relay.
 * @typedef {object} Ice
 * @property {RTCIceServer[]} servers
 * @property {RTCIceTransportPolicy} transportPolicy
 * @property {string} expires RFC 3339
 * @property {number} [maxBitrate] bits a second that may be sent, sound and picture together; none: no limit
 */

/**
 * What a `challenge` of kind work asks for.
 * @typedef {object} WorkData
 * @property {string} algorithm
 * @property {string} salt
 * @property {number} bits
 * @property {string} expires RFC 3339
 */

/**
 * How this browser is to look at a still itself: the scores, by label, from which it hides
 * the picture, and those from which it posts the still.
 * @typedef {object} Look
 * @property {Record<string, number>} veil
 * @property {Record<string, number>} post
 */

/**
 * What a `challenge` of kind age is answered with the help of.
 * @typedef {object} AgeData
 * @property {string} url of the checker
 * @property {string} state
 * @property {string} nonce
 */

/**
 * Any message of the server; which fields are there is up to `type`.
 * @typedef {object} ServerMessage
 * @property {string} type
 * @property {number} [seq]
 * @property {string} [session]
 * @property {string} [resume]
 * @property {string} [receipt]
 * @property {number} [online]
 * @property {string} [policy]
 * @property {Ice} [ice]
 * @property {string} [pair]
 * @property {'polite' | 'impolite'} [role]
 * @property {Mode} [mode]
 * @property {string[]} [common]
 * @property {RTCSessionDescriptionInit} [description]
 * @property {RTCIceCandidateInit | null} [candidate]
 * @property {string} [id]
 * @property {string} [body]
 * @property {number} [order]
 * @property {string} [at] RFC 3339
 * @property {string} [proof]
 * @property {boolean} [on]
 * @property {string} [reason]
 * @property {number} [count]
 * @property {string | null} [until]
 * @property {string} [appeal]
 * @property {string} [code]
 * @property {string} [do]
 * @property {'partner' | 'self'} [of]
 * @property {Look} [look]
 * @property {string} [token]
 * @property {string} [expires] RFC 3339
 * @property {string} [detail]
 * @property {string} [re]
 * @property {string} [report]
 * @property {string} [kind]
 * @property {WorkData & AgeData} [data] as `kind` has it
 */

/**
 * @typedef {object} Ban
 * @property {string} reason
 * @property {string | null} until RFC 3339; null: permanent
 * @property {string} [by] who decided: person, rule or list
 * @property {string} [appeal]
 */

/**
 * What a visit shows and asks.
 * @typedef {object} Views
 * @property {import('./start.js').StartView} start
 * @property {import('./room.js').Room} room
 * @property {import('./stage.js').Stage} stage
 * @property {import('./camera.js').Camera} camera
 * @property {import('./chat.js').Chat} chat
 * @property {import('./pairs.js').Pairs} pairs
 * @property {import('./report.js').ReportDialog} report
 * @property {import('./ban.js').BanView} ban
 */

export {};
