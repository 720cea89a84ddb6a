package match

import (
	"time"

	"github.com/joingyd/joingyd/match/pool"
)

// CloseVideo has no video chat begin from now on. Who searches for one is told that, and
// until when it is expected to last; it lasts until CloseVideo is called with the zero
// time. Video chats that there are go on, and text chats are open.
func (h *Hub) CloseVideo(until time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.noVideo = until
	if until.IsZero() {
		return
	}
	for _, s := range h.sessions {
		if s.ticket != nil && s.ticket.Mode == pool.Video {
			h.stopWaitingLocked(s)
			h.closeVideoLocked(s)
		}
	}
}

// closeVideoLocked answers a find for video, now or while it waits for a partner.
func (h *Hub) closeVideoLocked(s *session) {
	h.refused[codeVideoClosed]++
	h.sendLocked(s, &videoClosedMessage{
		errorMessage: *newError(codeVideoClosed, "find", "no new video chats until then, for the traffic of this month is used up; text chats are open"),
		Until:        h.noVideo.UTC().Truncate(time.Second),
	})
}
