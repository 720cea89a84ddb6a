package setup

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

const (
	leastSize = 1_000_000 // less was meant with a unit
	mostSize  = 1 << 60   // what the configuration takes
)

// sizeUnits are the units of sizes, as hosters write them: a TB is 10^12 bytes, a TiB
// 2^40. The longer names come first, which end as the shorter do.
var sizeUnits = []struct {
	name  string
	bytes float64
}{
	{"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", 1 << 40}, {"PiB", 1 << 50},
	{"MB", 1e6}, {"GB", 1e9}, {"TB", 1e12}, {"PB", 1e15}, {"B", 1}, {"", 1},
}

// ParseSize reads an amount of bytes, such as 20TB, 1.5 TiB or 20000000000000; 0 is 0.
// The case of the letters does not matter. Less than 1 MB is refused, as a unit that was
// forgotten.
func ParseSize(text string) (int, error) {
	for _, unit := range sizeUnits {
		at := len(text) - len(unit.name)
		if at < 0 || !strings.EqualFold(text[at:], unit.name) {
			continue
		}
		number := strings.TrimSpace(text[:at])
		n, err := strconv.ParseFloat(number, 64)
		bytes := math.Round(n * unit.bytes)
		switch {
		case err != nil || strings.Trim(number, "0123456789.") != "" || bytes > mostSize:
		case bytes > 0 && bytes < leastSize || n > 0 && bytes == 0:
			return 0, fmt.Errorf("%q is less than 1MB; write the unit too, such as 20TB", text)
		case unit.bytes == 1 && !strings.Contains(number, "."):
			return strconv.Atoi(number) // every digit of it
		default:
			return int(bytes), nil
		}
		break
	}
	return 0, fmt.Errorf("%q is no amount of bytes; write one such as 20TB or 500GB (TB is 10^12 bytes, TiB 2^40)", text)
}

// FormatSize writes an amount of bytes as ParseSize reads it, exactly.
func FormatSize(bytes int) string {
	for _, unit := range []struct {
		name  string
		bytes int
	}{{"PB", 1e15}, {"TB", 1e12}, {"GB", 1e9}, {"MB", 1e6}} {
		if bytes > 0 && bytes%unit.bytes == 0 {
			return strconv.Itoa(bytes/unit.bytes) + unit.name
		}
	}
	return strconv.Itoa(bytes)
}
