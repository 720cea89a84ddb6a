package bus

import (
	"context"
	"time"

	"github.com/redis/rueidis"
)

// wire is what the bus needs of Redis.
type wire interface {
	// publish returns how many listen to the channel. After an error the frame may
	// still go out, once: it must not be changed.
	publish(ctx context.Context, channel string, frame []byte) (listeners int64, err error)

	// subscribe calls confirmed each time that the channel is listened to anew, and
	// heard with each frame, one at a time, until the subscription or ctx ends. Neither
	// may block. confirmed may be called while heard is.
	subscribe(ctx context.Context, channel string, confirmed func(), heard func(frame string)) error
}

// redisWire is the wire in use.
type redisWire struct{ client rueidis.Client }

func (w redisWire) publish(ctx context.Context, channel string, frame []byte) (int64, error) {
	return w.client.Do(ctx, w.client.B().Spublish().Channel(channel).Message(rueidis.BinaryString(frame)).Build()).AsInt64()
}

func (w redisWire) subscribe(ctx context.Context, channel string, confirmed func(), heard func(string)) error {
	ctx = rueidis.WithOnSubscriptionHook(ctx, func(s rueidis.PubSubSubscription) {
		if s.Kind == "ssubscribe" {
			confirmed()
		}
	})
	// The connection is shared and outlives the subscription: without this, Redis would
	// count this node as listening.
	ctx = rueidis.WithOnReceiveReturnHook(ctx, func(err error, conn rueidis.CommandClient) error {
		leave, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveTime)
		defer cancel()
		conn.Do(leave, conn.B().Sunsubscribe().Channel(channel).Build())
		return err
	})
	return w.client.Receive(ctx, w.client.B().Ssubscribe().Channel(channel).Build(),
		func(m rueidis.PubSubMessage) { heard(m.Message) })
}

// leaveTime is how long the end of a subscription may take.
const leaveTime = 200 * time.Millisecond
