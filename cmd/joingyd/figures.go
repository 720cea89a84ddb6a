package main

import (
	"maps"
	"slices"
	"time"

	"github.com/joingyd/joingyd/match"
	"github.com/joingyd/joingyd/moderate"
	"github.com/joingyd/joingyd/web"
)

// monthsPublished is how many months /transparency shows.
const monthsPublished = 24

// publishedFigures are the site's figures of months, as visitors see them.
func (d *daemon) publishedFigures() ([]web.Figures, error) {
	months, err := d.cases.Totals()
	if err != nil {
		return nil, err
	}
	return figureTables(months[:min(len(months), monthsPublished)], time.Now()), nil
}

// column is one column of figures, and how a month's value is found.
type column struct {
	web.Column
	value func(moderate.Totals) int
}

// counted is a column of counts, by a name in one of the maps of Totals.
func counted(key, name string, of func(moderate.Totals) map[string]int) column {
	return column{web.Column{Key: key + name, Name: name}, func(m moderate.Totals) int { return of(m)[name] }}
}

// figureTables are months as tables, the newest first. Subjects of which there was nothing
// in any month are left out, but for reports, decisions and bans.
func figureTables(months []moderate.Totals, now time.Time) (tables []web.Figures) {
	if len(months) == 0 {
		return nil
	}
	add := func(name string, columns []column) { tables = append(tables, figureTable(name, columns, months, now)) }
	add("reports", reportColumns())
	if names := namesIn(months, stillsOf); len(names) > 0 || slices.ContainsFunc(months, func(m moderate.Totals) bool { return m.Stills > 0 }) {
		add("stills", stillColumns(names))
	}
	add("decisions", decisionColumns())
	add("bans", banColumns(months))
	if names := namesIn(months, appealsOf); len(names) > 0 {
		add("appeals", appealColumns(names))
	}
	disclosures := namesIn(months, disclosuresOf)
	if len(disclosures) > 0 || slices.ContainsFunc(months, func(m moderate.Totals) bool { return m.NCMEC > 0 }) {
		add("authorities", authorityColumns(disclosures))
	}
	return tables
}

func reportsOf(m moderate.Totals) map[string]int     { return m.Reports }
func stillsOf(m moderate.Totals) map[string]int      { return m.Found }
func decisionsOf(m moderate.Totals) map[string]int   { return m.Decisions }
func bansOf(m moderate.Totals) map[string]int        { return m.Bans }
func appealsOf(m moderate.Totals) map[string]int     { return m.Appeals }
func disclosuresOf(m moderate.Totals) map[string]int { return m.Disclosures }

func figureTable(name string, columns []column, months []moderate.Totals, now time.Time) web.Figures {
	table := web.Figures{Name: name}
	for _, c := range columns {
		table.Columns = append(table.Columns, c.Column)
	}
	for _, m := range months {
		start, err := time.Parse("2006-01", m.Month)
		if err != nil {
			continue // the store's own form: cannot happen
		}
		month := web.Month{Start: start, Running: m.Month == now.UTC().Format("2006-01")}
		for _, c := range columns {
			month.Values = append(month.Values, c.value(m))
		}
		table.Months = append(table.Months, month)
	}
	return table
}

func reportColumns() (list []column) {
	for _, reason := range match.ReportReasons() {
		list = append(list, counted("report.", reason, reportsOf))
	}
	return append(list, counted("figures.reports.", moderate.Guardian, reportsOf))
}

func stillColumns(labels []string) []column {
	list := []column{{web.Column{Key: "figures.stills.looked"}, func(m moderate.Totals) int { return m.Stills }}}
	for _, label := range labels {
		list = append(list, counted("figures.stills.found.", label, stillsOf))
	}
	return append(list,
		column{web.Column{Key: "figures.stills.given"}, func(m moderate.Totals) int { return sum(m.Flags) }},
		column{web.Column{Key: "figures.stills.judged"}, func(m moderate.Totals) int { return sum(m.Judged) }},
		column{web.Column{Key: "figures.stills.wrong"}, wrong},
		column{web.Column{Key: "figures.stills.error", Rate: true}, errorRate},
	)
}

// wrong is how many findings people dismissed, unless it tells that they upheld few.
func wrong(m moderate.Totals) int {
	dismissed := sum(m.Dismissed)
	if few(sum(m.Judged) - dismissed) {
		return -1
	}
	return dismissed
}

// errorRate is that in percent of what was judged, where it tells no count that is not
// shown.
func errorRate(m moderate.Totals) int {
	judged, wrong := sum(m.Judged), wrong(m)
	if judged < web.Few || wrong < 0 || few(wrong) {
		return -1
	}
	return (100*wrong + judged/2) / judged
}

func few(n int) bool { return n > 0 && n < web.Few }

func decisionColumns() (list []column) {
	for _, action := range moderate.KindReport.Actions() {
		list = append(list, counted("figures.decisions.", string(action), decisionsOf))
	}
	list = append(list, column{web.Column{Key: "figures.decisions.expired"}, func(m moderate.Totals) int { return m.Expired }})
	for _, within := range []struct {
		key     string
		percent int
	}{{"figures.decisions.median", 50}, {"figures.decisions.ninety", 90}} {
		list = append(list, column{web.Column{Key: within.key, Rate: true}, func(m moderate.Totals) int {
			if sum(m.Decisions) < web.Few {
				return -1
			}
			return m.Delays.Within(within.percent)
		}})
	}
	return list
}

func banColumns(months []moderate.Totals) (list []column) {
	makers := []string{moderate.MakerPerson, moderate.MakerImport}
	for _, maker := range namesIn(months, bansOf) {
		if !slices.Contains(makers, maker) {
			makers = append(makers, maker)
		}
	}
	for _, maker := range makers {
		list = append(list, counted("figures.bans.", maker, bansOf))
	}
	return append(list, column{web.Column{Key: "figures.bans.early"}, func(m moderate.Totals) int { return m.Unbanned }})
}

func appealColumns(outcomes []string) (list []column) {
	for _, outcome := range outcomes {
		list = append(list, counted("figures.appeals.", outcome, appealsOf))
	}
	return list
}

func authorityColumns(disclosures []string) []column {
	list := []column{{web.Column{Key: "figures.authorities.ncmec"}, func(m moderate.Totals) int { return m.NCMEC }}}
	for _, kind := range disclosures {
		list = append(list, counted("figures.authorities.", kind, disclosuresOf))
	}
	return list
}

// namesIn lists the names that any month has a count of, sorted.
func namesIn(months []moderate.Totals, of func(moderate.Totals) map[string]int) []string {
	names := make(map[string]bool)
	for _, m := range months {
		for name := range of(m) {
			names[name] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

func sum(counts map[string]int) (n int) {
	for _, one := range counts {
		n += one
	}
	return n
}
