package web

import (
	"html/template"
	"strconv"
)

// addresses returns what pages say of a log of visitors' addresses: to visitors, and to
// authorities.
func (o Options) addresses(l *tongue) (addresses, visits template.HTML, err error) {
	if o.IPLogDays == 0 {
		if addresses, err = l.mix("addresses.none"); err == nil {
			visits, err = l.mix("visits.none")
		}
		if err == nil && o.IPLogRest {
			var rest template.HTML
			rest, err = l.mix("addresses.rest")
			addresses, visits = addresses+" "+rest, visits+" "+rest
		}
		return addresses, visits, err
	}
	days := strconv.Itoa(o.IPLogDays)
	if addresses, err = l.mix("addresses.log", "days", days); err == nil {
		visits, err = l.mix("visits.log", "days", days)
	}
	return addresses, visits, err
}
