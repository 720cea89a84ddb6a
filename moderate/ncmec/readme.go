package ncmec

import (
	"bytes"
	"text/template"
)

// readme is what README.txt is made of: nothing that comes from a visitor.
type readme struct {
	Base    string
	Test    bool
	Uploads []upload
}

type upload struct{ File, Details, MD5 string }

func (r readme) text() []byte {
	var out bytes.Buffer
	if err := steps.Execute(&out, r); err != nil {
		panic(err) // the template and what it is given are constants of this file
	}
	return out.Bytes()
}

// steps are indented by four spaces where they are to be typed. The requests are
// those of the API documentation, chapters "Endpoints" and "Submitting a Report".
var steps = template.Must(template.New("README.txt").Parse(`A REPORT FOR NCMEC'S CYBERTIPLINE
=================================

Nothing has been sent. A person who may do so reads report.xml{{if .Uploads}} and each
file-details-N.xml{{end}}, and sends it with the commands below, in this order, typed into
a shell in this directory. Every answer must have <responseCode>0</responseCode>;
go on only then. NCMEC explains the requests and answers at
https://report.cybertip.org/ispws/documentation/

{{if .Test -}}
These commands use NCMEC's TEST server. What is sent there REPORTS NOBODY. Use no
real material for it. For the real one, export again and ask for production.
{{- else -}}
These commands use NCMEC's PRODUCTION server. What is sent there IS A REPORT.
{{- end}}

1. Put the user and the password that NCMEC gave you where only you can read them,
   and where neither the shell's history nor the list of processes shows them: an
   editor makes the file ~/.ncmec of one line,

       user = "USER:PASSWORD"

   Then see whether they are right.

    chmod 600 ~/.ncmec
    curl --config ~/.ncmec {{.Base}}/status

2. Submit: it opens the report.

    curl --config ~/.ncmec --header 'Content-Type: text/xml; charset=utf-8' --data-binary @report.xml {{.Base}}/submit

   The answer has the report's number in <reportId>. Type it here instead of NUMBER.

    REPORT_ID=NUMBER
{{range $i, $u := .Uploads}}
3. Upload {{.File}}. The answer has the file's number in <fileId>, and in <hash> its
   MD5, which must be {{.MD5}}.

    curl --config ~/.ncmec --form "id=$REPORT_ID" --form file=@{{.File}} {{$.Base}}/upload
    FILE_ID=NUMBER

   Fileinfo: what is known of it, with the two numbers put in.

    sed -e "s|<reportId>REPORT_ID<|<reportId>$REPORT_ID<|" -e "s|<fileId>FILE_ID<|<fileId>$FILE_ID<|" {{.Details}} >sent-{{.Details}}
    curl --config ~/.ncmec --header 'Content-Type: text/xml; charset=utf-8' --data-binary @sent-{{.Details}} {{$.Base}}/fileinfo
{{end}}
4. Finish: from here on it cannot be changed or taken back. Keep the answer, which is
   the receipt, and note the report's number with the case.

    curl --config ~/.ncmec --data "id=$REPORT_ID" {{.Base}}/finish

Until then "curl --config ~/.ncmec --data id=$REPORT_ID {{.Base}}/retract"
cancels it. NCMEC deletes a report that is not finished within 24 hours, or an hour
after its last change if that is later.
`))
