package ncmec

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"time"
)

// FileDetails is what fileinfo takes: what is known of one uploaded file. NCMEC
// numbers report and file when they arrive, so that what is written has
// [ReportIDPlaceholder] and [FileIDPlaceholder] in their places.
type FileDetails struct {
	OriginalFileName       string     `xml:"originalFileName,omitempty"` // at most 2,056 characters
	UploadedToESPTimestamp *time.Time `xml:"uploadedToEspTimestamp"`     // UTC
	LocationOfFile         string     `xml:"locationOfFile,omitempty"`   // a URL; at most 2,083 characters

	// FileViewedByESP says whether a person of the site looked at the whole file.
	// It decides whether police may look without a warrant, so nil is refused: it
	// must be said, and truly.
	FileViewedByESP   *bool `xml:"fileViewedByEsp"`
	EXIFViewedByESP   *bool `xml:"exifViewedByEsp"`   // nil says nothing
	PubliclyAvailable *bool `xml:"publiclyAvailable"` // nil says nothing

	FileAnnotations        *FileAnnotations       `xml:"fileAnnotations"`
	IndustryClassification IndustryClassification `xml:"industryClassification,omitempty"`
	OriginalFileHash       []Hash                 `xml:"originalFileHash"`
	IPCaptureEvent         *IPCaptureEvent        `xml:"ipCaptureEvent"`
	AdditionalInfo         []string               `xml:"additionalInfo"`
}

// What stands in the elements reportId and fileId of what is written.
const (
	ReportIDPlaceholder = "REPORT_ID"
	FileIDPlaceholder   = "FILE_ID"
)

// FileAnnotations are tags on a file. What is false is not written: it claims
// nothing.
type FileAnnotations struct {
	AnimeDrawingVirtualHentai bool `xml:"animeDrawingVirtualHentai,omitempty"`
	PotentialMeme             bool `xml:"potentialMeme,omitempty"`
	Viral                     bool `xml:"viral,omitempty"`
	PossibleSelfProduction    bool `xml:"possibleSelfProduction,omitempty"`
	PhysicalHarm              bool `xml:"physicalHarm,omitempty"`
	ViolenceGore              bool `xml:"violenceGore,omitempty"`
	Bestiality                bool `xml:"bestiality,omitempty"`
	LiveStreaming             bool `xml:"liveStreaming,omitempty"`
	Infant                    bool `xml:"infant,omitempty"`
	GenerativeAI              bool `xml:"generativeAi,omitempty"`
}

// IndustryClassification is the scale that providers agreed on: the letter is the
// child's apparent age (A before puberty, B in it), the digit what is seen (1 a
// sex act, 2 lascivious exhibition). The schema reserves it for providers who have
// signed the industry hash sharing agreement.
type IndustryClassification string

// The classes.
const (
	A1 IndustryClassification = "A1"
	A2 IndustryClassification = "A2"
	B1 IndustryClassification = "B1"
	B2 IndustryClassification = "B2"
)

// Hash is a digest of a file as the visitor sent it, in lower-case hexadecimal.
type Hash struct {
	HashType string `xml:"hashType,attr"` // MD5, SHA1, …; at most 64 characters
	Value    string `xml:",chardata"`
}

// Hashes returns the digests of a file that others look files up by: MD5, SHA-1
// and SHA-256. Neither of the first two proves anything any longer.
func Hashes(content []byte) []Hash {
	md, sha, sha2 := md5.Sum(content), sha1.Sum(content), sha256.Sum256(content)
	return []Hash{
		{"MD5", hex.EncodeToString(md[:])},
		{"SHA1", hex.EncodeToString(sha[:])},
		{"SHA256", hex.EncodeToString(sha2[:])},
	}
}
