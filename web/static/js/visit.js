// @ts-check
// One visit: from a press of Video or Text to Stop, over any number of chats.
//
//   start → connecting → waiting ⇄ chatting → left → waiting …
//
// Messages and buttons end up here; what is shown is up to the views.

import { act } from './action.js';
import { fetchBan } from './ban.js';
import { Encounter } from './encounter.js';
import { Connection } from './protocol.js';
import { Search } from './search.js';
import { cameraProblem } from './support.js';
import { Video } from './video.js';
import * as words from './words.js';

/** @typedef {import('./types.js').Ban} Ban */
/** @typedef {import('./types.js').Mode} Mode */
/** @typedef {import('./types.js').State} State */
/** @typedef {import('./types.js').ServerMessage} ServerMessage */
/** @typedef {import('./types.js').Views} Views */

export class Visit {
  #views;
  #connection;
  #video;
  #pairs;
  #encounter;
  #search;
  /** @type {State} */
  #state = 'start';
  /** @type {Mode} */
  #mode = 'text';
  #run = 0; // counts visits: what was awaited for an old one is dropped
  #resting = false; // state left by the visitor's own wish: no search starts by itself

  /** @param {Views} views */
  constructor(views) {
    this.#views = views;
    this.#video = new Video(views.stage, views.camera);
    this.#pairs = views.pairs;
    this.#encounter = new Encounter(views, this.#video, (message) => this.#connection.send(message));
    const ask = () => this.#connection.send({ type: 'find', mode: this.#mode, interests: views.start.interests });
    this.#search = new Search(ask, (answer) => this.#connection.send(answer), views);
    this.#connection = new Connection({
      welcome: (message, resumed, restarted) => this.#welcome(message, resumed, restarted),
      message: (message) => this.#message(message),
      consent: (policy) => {
        this.end();
        views.start.askConsent(policy);
      },
      down: (seconds, failed) => views.room.banner(words.reconnecting(this.#state, seconds, failed)),
      refused: () => this.#refused(),
      closed: (code, why) => this.#closed(code, why),
    });
  }

  /** Starts looking for a partner. @param {Mode} mode */
  async begin(mode) {
    if (this.#state !== 'start') return;
    const { start, room } = this.#views;
    const run = ++this.#run;
    this.#mode = mode;
    this.#become('connecting');
    start.hide();
    if (mode === 'video' && !start.age.needed(mode)) {
      room.status(words.t('camera.ask'));
      try {
        await this.#video.open();
      } catch (error) {
        if (run !== this.#run) return;
        this.end();
        return start.complain(cameraProblem(error), true);
      }
    }
    room.status(words.t('connecting'));
    this.#connection.open(start.policy);
  }

  /** Ends the visit and goes back to the start view. */
  end() {
    const { start, room, chat, report, ban } = this.#views;
    this.#run++;
    this.#search.stop();
    this.#connection.send({ type: 'leave' }); // reaches the partner sooner than the socket's end
    this.#connection.close();
    this.#encounter.end('none');
    this.#pairs.forget();
    this.#video.close();
    chat.clear();
    if (report.open) report.close();
    ban.hide();
    room.status('');
    this.#become('start');
    start.show();
  }

  /** Ends the chat, if there is one, and looks for the next partner. */
  next() {
    if (this.#state === 'chatting' || this.#state === 'left') this.#find();
  }

  /** Ends the chat; where there is none, the visit. */
  stop() {
    if (this.#state !== 'chatting') return this.end();
    this.#connection.send({ type: 'leave' });
    this.#rest(words.t('left.you'), true);
  }

  /** Ends the chat, or the search after one, and asks what was wrong. */
  stopAndReport() {
    const { pairs, report } = this.#views;
    if (this.#state === 'chatting' || this.#state === 'waiting') {
      this.#search.stop();
      this.#connection.send({ type: 'leave' });
      this.#rest(words.t('left.you'), true);
    }
    report.show(pairs);
  }

  /** Does not want to meet somebody again. @param {string} pair */
  block(pair) {
    if (!this.#connection.send({ type: 'block', pair })) this.#views.chat.system(words.t('block.not_sent'));
    else if (pair === this.#pairs.now) this.next();
  }

  /** @param {import('./report.js').Report} report */
  report(report) {
    const lines = this.#pairs.linesOf(report.pair);
    if (!this.#connection.send({ type: 'report', ...report, lines })) {
      this.#views.chat.system(words.t('report.not_sent'));
    } else if (report.block && report.pair === this.#pairs.now) {
      this.next();
    }
  }

  /** The report dialog is gone: a search that waited for it may start. */
  reportClosed() {
    if (this.#state === 'left' && !this.#resting) this.#search.soon(() => this.#findAgain());
  }

  /**
   * Sends a line of the chat, or that one is being written.
   * @param {Parameters<Encounter['say']>[0]} message
   */
  say(message) {
    this.#encounter.say(message);
  }

  /**
   * There is a session. What we sent since the socket was lost is sent again, as
   * far as it still matters.
   * @param {ServerMessage} m @param {boolean} resumed @param {boolean} restarted
   */
  #welcome(m, resumed, restarted) {
    this.#views.room.banner('');
    this.#search.online(m.online);
    this.#video.configure(m.ice);
    switch (this.#state) {
      case 'connecting':
        return this.#find();
      case 'waiting':
        return resumed && this.#search.inLine ? undefined : this.#search.ask();
      case 'left':
        this.#connection.send({ type: 'leave' });
        if (!resumed) this.#pairs.forget();
        return;
      case 'chatting':
        if (!resumed) {
          this.#rest(words.t('lost_too_long'), false);
          return this.#pairs.forget();
        }
        this.#encounter.resume(restarted);
    }
  }

  /** @param {ServerMessage} m */
  #message(m) {
    switch (m.type) {
      case 'waiting':
        return this.#waiting();
      case 'matched':
        return this.#matched(m);
      case 'left':
        return this.#encounter.has(m) && this.#rest(words.left(m.reason), false);
      case 'description':
      case 'candidate':
      case 'snapshot':
      case 'text':
      case 'typing':
        return this.#encounter.receive(m);
      case 'sent':
      case 'rejected':
        return this.#views.chat.fate(m);
      case 'action':
        return act(m, this.#encounter.has(m), this.#views);
      case 'reported':
        return this.#views.chat.system(words.reported(m.report));
      case 'blocked':
        return this.#views.chat.system(words.t('blocked'));
      case 'online':
        return this.#search.online(m.count);
      case 'ice':
        return this.#video.configure(m.ice);
      case 'banned':
        return this.#banned({ reason: m.reason ?? '', until: m.until ?? null, appeal: m.appeal });
      case 'challenge':
        return this.#search.challenged(m);
      case 'error':
        return this.#error(m);
    }
  }

  #find() {
    this.#search.ask(); // while the server looks, the rest is done
    this.#encounter.end('seeking');
    this.#become('waiting');
    this.#search.show();
  }

  #findAgain() {
    if (this.#state === 'left' && !this.#views.report.open) this.#find();
  }

  /** The server has us in line: what we may have taken for a chat is over. */
  #waiting() {
    if (this.#state === 'chatting') {
      this.#encounter.end('seeking');
      this.#become('waiting');
      this.#search.show();
    }
    this.#search.inLine = true;
  }

  /** @param {ServerMessage} m */
  #matched(m) {
    if (this.#state !== 'waiting' && this.#state !== 'chatting') return; // Stop crossed it on the way
    this.#search.found();
    this.#encounter.begin(m);
    this.#become('chatting');
    this.#views.room.status(words.t('chatting'));
  }

  /** Ends the chat and stays there. @param {string} why @param {boolean} wanted by the visitor */
  #rest(why, wanted) {
    const { room, chat } = this.#views;
    this.#encounter.end('none');
    this.#resting = wanted;
    this.#become('left');
    room.status(why);
    chat.system(why);
    if (!wanted) this.#search.soon(() => this.#findAgain());
  }

  /** @param {ServerMessage} m */
  #error(m) {
    if (m.code === 'challenge_required' && !this.#search.stuck) return;
    if (m.re === 'find' && (m.code === 'rate_limited' || m.code === 'unavailable')) {
      if (this.#state === 'waiting') this.#search.askLater();
    } else if (this.#search.stopped(m)) {
      this.end();
      this.#views.start.complain(words.searchRefused(m), m.code?.startsWith('video_'));
    } else if (m.re === 'report' || m.re === 'block') {
      this.#views.chat.system(words.t('report.too_late'));
    } else if (m.code === 'masked') {
      this.#video.refused(m.detail);
    }
  }

  async #refused() {
    const run = this.#run;
    const ban = await fetchBan();
    if (ban && run === this.#run) this.#banned(ban);
    return ban !== null;
  }

  /** @param {number} code @param {string} why */
  async #closed(code, why) {
    const run = this.#run;
    const ban = code === 4503 ? await fetchBan() : null;
    if (run !== this.#run) return;
    if (ban) return this.#banned(ban);
    this.end();
    this.#views.start.complain(words.closed(code, why));
  }

  /** @param {Ban} ban */
  #banned(ban) {
    this.end();
    this.#views.start.hide();
    this.#become('banned');
    this.#views.ban.show(ban);
  }

  /** @param {State} state */
  #become(state) {
    this.#state = state;
    this.#views.room.show(state, this.#mode);
  }
}
