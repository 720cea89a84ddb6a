package main

import "encoding/binary"

// Application data starts with what the receiver needs to judge it. The rest is
// whatever was in the buffer.
//
//	ChannelData header (4) | sent at (8) | sequence (4) | sender (4) | run (4)
const (
	channelHeader = 4
	minPayload    = 20
)

// stamp is the head of one packet's application data.
type stamp struct {
	at       int64  // monotonic clock, ns
	sequence uint32 // of its sender, from 1, within its run
	sender   uint32 // index of the client
	run      uint32 // measurement that it belongs to: stragglers of the last one don't count
}

// putChannelData writes a ChannelData message of size bytes of application data
// over the front of b, and returns its length.
func putChannelData(b []byte, channel uint16, size int, s stamp) int {
	binary.BigEndian.PutUint16(b, channel)
	binary.BigEndian.PutUint16(b[2:], uint16(size))
	b = b[channelHeader:]
	binary.LittleEndian.PutUint64(b, uint64(s.at))
	binary.LittleEndian.PutUint32(b[8:], s.sequence)
	binary.LittleEndian.PutUint32(b[12:], s.sender)
	binary.LittleEndian.PutUint32(b[16:], s.run)
	return channelHeader + size
}

// parseChannelData reads a whole ChannelData message.
func parseChannelData(b []byte) (channel uint16, s stamp, ok bool) {
	if len(b) < channelHeader+minPayload || b[0]>>6 != 1 || int(binary.BigEndian.Uint16(b[2:])) > len(b)-channelHeader {
		return 0, stamp{}, false
	}
	channel = binary.BigEndian.Uint16(b)
	b = b[channelHeader:]
	return channel, stamp{
		at:       int64(binary.LittleEndian.Uint64(b)),
		sequence: binary.LittleEndian.Uint32(b[8:]),
		sender:   binary.LittleEndian.Uint32(b[12:]),
		run:      binary.LittleEndian.Uint32(b[16:]),
	}, true
}
