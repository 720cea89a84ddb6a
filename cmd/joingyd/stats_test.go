package main

import (
	"bytes"
	"io"
	"testing"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/totals"
)

func TestStatsArePrinted(t *testing.T) {
	two := admin.TotalsList{Days: []totals.Day{
		{
			Day: "2026-11-28", Visits: 7, Bytes: 1500, Chats: totals.Figures{"text": 2}, Systems: totals.Figures{"linux": 2, "windows": 3},
			Browsers: totals.Figures{"firefox": 5}, Devices: totals.Figures{"desktop": 5}, Languages: totals.Figures{"nl": 5},
		},
		{Day: "2026-11-29", Visits: 1200, Chats: totals.Figures{"video": 1}, Systems: totals.Figures{"linux": 5}},
	}}
	for name, test := range map[string]struct {
		print func(io.Writer, admin.TotalsList) error
		list  admin.TotalsList
		want  string
	}{
		"none": {printTotals, admin.TotalsList{}, "no figures of these days; is privacy.counters off?\n"},
		"text": {printTotals, two, `DAY         VISITS  VIDEO  TEXT  RELAYED
2026-11-28  7       0      2     1,500 bytes
2026-11-29  1,200   1      0     0 bytes

os        3 windows, 7 linux
browser   5 firefox
device    5 desktop
language  5 nl
lasted    fewer than five visits
`},
		"csv": {writeTotals, two, `day,figure,value,count
2026-11-28,visits,,7
2026-11-28,bytes,,1500
2026-11-28,chats,text,2
2026-11-28,os,windows,3
2026-11-28,os,linux,2
2026-11-28,browser,firefox,5
2026-11-28,device,desktop,5
2026-11-28,language,nl,5
2026-11-29,visits,,1200
2026-11-29,bytes,,0
2026-11-29,chats,video,1
2026-11-29,os,linux,5
`},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			if err := test.print(&out, test.list); err != nil || out.String() != test.want {
				t.Errorf("printed %s\nwant %s(%v)", out.String(), test.want, err)
			}
		})
	}
}
