package ncmec

import "encoding/xml"

// Marshal returns a report as XML. The error joins a [*FieldError] for each field
// that is wrong.
func Marshal(r Report) ([]byte, error) {
	if err := r.Validate(); err != nil {
		return nil, err
	}
	return document(struct {
		XMLName xml.Name `xml:"report"`
		Report
	}{Report: r})
}

// numbered is a FileDetails as it is written.
type numbered struct {
	XMLName  xml.Name `xml:"fileDetails"`
	ReportID string   `xml:"reportId"`
	FileID   string   `xml:"fileId"`
	FileDetails
}

// MarshalFileDetails returns the details of a file as XML, with placeholders for
// the two numbers that NCMEC gives. The error is as in [Marshal].
func MarshalFileDetails(d FileDetails) ([]byte, error) {
	if err := d.Validate(); err != nil {
		return nil, err
	}
	return document(numbered{ReportID: ReportIDPlaceholder, FileID: FileIDPlaceholder, FileDetails: d})
}

func document(root any) ([]byte, error) {
	body, err := xml.MarshalIndent(root, "", "  ")
	if err != nil {
		return nil, err
	}
	return append(append([]byte(xml.Header), body...), '\n'), nil
}
