package turn

import (
	"bytes"
	"testing"
	"time"
)

// FuzzFrames feeds a stream cut at arbitrary places: what comes out is the
// stream's own bytes, frame by frame, up to the first that is none.
func FuzzFrames(f *testing.F) {
	f.Add([]byte{0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0x40, 0, 0, 1, 'x', 0, 0, 0})
	f.Add([]byte{0x40, 0, 0xff, 0xfc, 0})
	f.Add([]byte{0, 1, 0xff, 0xec})
	f.Fuzz(func(t *testing.T, stream []byte) {
		c, client := streamPair(t, true)
		go func() {
			client.Write(stream)
			client.Close()
		}()
		var got []byte
		buffer := make([]byte, maxFrame)
		for {
			frame, err := c.next(buffer)
			if err != nil {
				break
			}
			if size, err := frameSize(frame); err != nil || size != len(frame) {
				t.Fatalf("frame %x of %d bytes, but its header says %d, %v", frame, len(frame), size, err)
			}
			got = append(got, frame...)
		}
		if !bytes.HasPrefix(stream, got) {
			t.Errorf("read %x out of %x", got, stream)
		}
	})
}

func FuzzGrantedLifetime(f *testing.F) {
	f.Add([]byte{1, 3, 0, 8, 0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0, 0x0d, 0, 4, 0, 0, 2, 0x58})
	f.Add([]byte{1, 4, 0, 4, 0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0, 0x0d, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, message []byte) {
		granted, ok := grantedLifetime(message)
		if ok && (granted < 0 || granted%time.Second != 0 || len(message) < stunHeader+8) {
			t.Errorf("lifetime %v out of %x", granted, message)
		}
	})
}
