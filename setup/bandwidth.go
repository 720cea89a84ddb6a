package setup

// DefaultBitrate is the sound and picture that each of two visitors sends, in bits a
// second: what the README's table of sizes plans with.
const DefaultBitrate = 1_500_000

// Month is what a month's traffic is reckoned with, in seconds: 30 days.
const Month = 30 * 24 * 60 * 60

// Traffic is what calls ask of the server's line. Both sides of a call send to the
// relay, and it sends both on: what comes in goes out.
type Traffic struct {
	Rate  int64 // bits a second each way, all calls at once
	Month int64 // bytes each way, if they never ended
}

// Days returns after how many days of it so many bytes have come in and gone out.
func (t Traffic) Days(bytes int) float64 { return float64(bytes) / float64(t.Month) * 30 }

// Estimate reckons with so many calls at once, each side of which sends bitrate bits
// a second. What packets add to it is not in it; it is some percent.
func Estimate(calls, bitrate int) Traffic {
	rate := 2 * int64(calls) * int64(bitrate)
	return Traffic{Rate: rate, Month: rate / 8 * Month}
}
