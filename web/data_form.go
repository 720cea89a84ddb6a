package web

import "net/http"

// dataPath is the page by which visitors ask about their data.
const dataPath = "/data"

// dataPage is that page. Its second form tells what became of a request, and, with a
// button that is shown then, takes it back.
func (f *Forms) dataPage() *formPage {
	return &formPage{
		fields: dataFields,
		file: func(r *http.Request, v map[string]string, state *formState) error {
			answer, err := f.Data(r, DataAsked{Delete: v["ask"] == "delete", Visit: v["visit"], Contact: v["contact"]})
			state.Receipt, state.Answer = answer.Receipt, &answer
			return err
		},
		look: func(v map[string]string, state *formState) error {
			if v["take_back"] != "" {
				if err := f.TakeBack(v["receipt"]); err != nil {
					return err
				}
			}
			outcome, err := f.DataOutcome(v["receipt"])
			state.DataOutcome, state.Asked = &outcome, v["receipt"]
			return err
		},
	}
}
