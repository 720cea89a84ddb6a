package ban

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"os"
	"syscall"
	"time"
)

// scan checks the structure of a bbolt file before bbolt sees it, which trusts
// every number in its pages: each page in use once, each element inside its page,
// keys in order, no free page in use. What the values are worth their seals say.
//
// The format (bbolt's internal/common, version 2, which is frozen), little endian:
//
//	page    id 8, flags 2, count 2, overflow pages 4, then the elements
//	meta    magic 4, version 4, page size 4, flags 4, root page 8, sequence 8,
//	        freelist page 8, pages in all 8, transaction 8, FNV-64a of these 8
//	branch  position 4, key size 4, page 8; position counts from the element
//	leaf    flags 4 (1: bucket), position 4, key size 4, value size 4
//	bucket  root page 8 (0: a page follows inline), sequence 8
type scanner struct {
	file     io.ReaderAt
	pageSize int
	pages    uint64 // in all
	used     []bool // by page
	page     []byte // the last that was read
}

const (
	pageHeader  = 16
	elementSize = 16
	metaSize    = 64
	bucketSize  = 16

	branchFlag, leafFlag, freelistFlag = 1, 2, 16
	bucketFlag                         = 1

	metaMagic, metaVersion = 0xED0CDAED, 2
	noFreelist             = 1<<64 - 1
	maxDepth               = 64
)

// scanFile scans a file that is there, under its lock. One that is empty was cut
// off: makeFile never leaves such.
func scanFile(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return openError(err)
	}
	defer file.Close()
	if err := lock(file); err != nil {
		return err
	}
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if err := scan(file, info.Size()); err != nil {
		return fmt.Errorf("%w: %v", ErrCorrupt, err)
	}
	return nil
}

// lock waits for the file's lock, which closing the file gives back.
func lock(file *os.File) error {
	const pause = 50 * time.Millisecond
	for waited := time.Duration(0); ; waited += pause {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return err
		}
		if waited >= lockTimeout {
			return ErrLocked
		}
		time.Sleep(pause)
	}
}

func scan(file io.ReaderAt, size int64) error {
	meta, pageSize, err := newestMeta(file)
	if err != nil {
		return err
	}
	s := &scanner{file: file, pageSize: pageSize, pages: binary.LittleEndian.Uint64(meta[40:])}
	if s.pages > uint64(size)/uint64(pageSize) {
		return fmt.Errorf("it is cut off: %d bytes, and should have %d pages of %d", size, s.pages, pageSize)
	}
	s.used = make([]bool, s.pages)
	root, freelist := binary.LittleEndian.Uint64(meta[16:]), binary.LittleEndian.Uint64(meta[32:])
	if err := s.tree(root, nil, nil, 0); err != nil {
		return err
	}
	if freelist == noFreelist {
		return nil
	}
	return s.freelist(freelist)
}

// newestMeta returns the meta that bbolt will use: of two, the valid one with the
// higher transaction.
func newestMeta(file io.ReaderAt) (meta []byte, pageSize int, err error) {
	var newest uint64
	for _, at := range metaPlaces() {
		raw := make([]byte, pageHeader+metaSize)
		if _, err := file.ReadAt(raw, at); err != nil {
			continue
		}
		m := raw[pageHeader:]
		hash := fnv.New64a()
		hash.Write(m[:metaSize-8])
		if binary.LittleEndian.Uint32(m) != metaMagic || binary.LittleEndian.Uint32(m[4:]) != metaVersion ||
			hash.Sum64() != binary.LittleEndian.Uint64(m[metaSize-8:]) {
			continue
		}
		if tx := binary.LittleEndian.Uint64(m[48:]); meta == nil || tx > newest {
			meta, newest, pageSize = m, tx, int(binary.LittleEndian.Uint32(m[8:]))
		}
	}
	if meta == nil || pageSize < 1024 || pageSize > 64<<10 {
		return nil, 0, errors.New("both meta pages are invalid")
	}
	return meta, pageSize, nil
}

// metaPlaces returns where the metas can be: the second one's place depends on
// the page size, which only a valid meta tells.
func metaPlaces() []int64 {
	places := []int64{0}
	for size := int64(1024); size <= 64<<10; size <<= 1 {
		places = append(places, size)
	}
	return places
}

// read returns page id with its overflow pages, until the next call.
func (s *scanner) read(id uint64) ([]byte, error) {
	if id < 2 || id >= s.pages {
		return nil, fmt.Errorf("there is no page %d", id)
	}
	page, err := s.load(id, 0)
	if err != nil {
		return nil, err
	}
	more := uint64(binary.LittleEndian.Uint32(page[12:]))
	if binary.LittleEndian.Uint64(page) != id || more >= s.pages-id {
		return nil, fmt.Errorf("page %d has a wrong header", id)
	}
	for n := id; n <= id+more; n++ {
		if s.used[n] {
			return nil, fmt.Errorf("page %d is used twice", n)
		}
		s.used[n] = true
	}
	if more > 0 {
		return s.load(id, more)
	}
	return page, nil
}

func (s *scanner) load(id, more uint64) ([]byte, error) {
	size := int(more+1) * s.pageSize
	if cap(s.page) < size {
		s.page = make([]byte, size)
	}
	page := s.page[:size]
	_, err := s.file.ReadAt(page, int64(id)*int64(s.pageSize))
	return page, err
}

// tree checks the page and all below it. Its keys are in [low, high); nil: no
// bound.
func (s *scanner) tree(id uint64, low, high []byte, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("page %d lies too deep", id)
	}
	page, err := s.read(id)
	if err != nil {
		return err
	}
	type child struct {
		id  uint64
		low []byte
	}
	var children, buckets []child
	last, least := low, 0
	err = elements(page, func(flags uint32, key, value []byte, pageID uint64) error {
		if last != nil && bytes.Compare(key, last) < least || high != nil && bytes.Compare(key, high) >= 0 {
			return errors.New("a key is out of place")
		}
		last, least = key, 1
		if value == nil {
			children = append(children, child{pageID, bytes.Clone(key)})
			return nil
		}
		if flags&bucketFlag == 0 {
			return nil
		}
		root, err := bucketRoot(value)
		if root != 0 {
			buckets = append(buckets, child{id: root})
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("page %d: %w", id, err)
	}
	for i, c := range children {
		end := high
		if i+1 < len(children) {
			end = children[i+1].low
		}
		if err := s.tree(c.id, c.low, end, depth+1); err != nil {
			return err
		}
	}
	for _, b := range buckets {
		if err := s.tree(b.id, nil, nil, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// bucketRoot returns the root page of a bucket, or 0 for one that is inline, which
// it checks.
func bucketRoot(value []byte) (uint64, error) {
	if len(value) < bucketSize {
		return 0, errors.New("a bucket is cut off")
	}
	root := binary.LittleEndian.Uint64(value)
	if root != 0 {
		return root, nil
	}
	inline := value[bucketSize:]
	if len(inline) < pageHeader || binary.LittleEndian.Uint16(inline[8:]) != leafFlag {
		return 0, errors.New("an inline bucket is cut off")
	}
	var last []byte
	return 0, elements(inline, func(flags uint32, key, _ []byte, _ uint64) error {
		if flags != 0 || last != nil && bytes.Compare(key, last) <= 0 {
			return errors.New("an inline bucket's keys are out of order")
		}
		last = key
		return nil
	})
}

// elements calls visit for each element of a leaf, with its value, or of a
// branch, with its page.
func elements(page []byte, visit func(flags uint32, key, value []byte, pageID uint64) error) error {
	le := binary.LittleEndian
	flags, count := le.Uint16(page[8:]), int(le.Uint16(page[10:]))
	if flags != branchFlag && flags != leafFlag {
		return fmt.Errorf("flags %#x", flags)
	}
	next := pageHeader + count*elementSize // where a key starts: there are no gaps
	if next > len(page) || flags == branchFlag && count == 0 {
		return fmt.Errorf("%d elements", count)
	}
	if count == 0 && len(bytes.TrimLeft(page[next:], "\x00")) > 0 {
		return errors.New("elements are missing")
	}
	for i := range count {
		at := pageHeader + i*elementSize
		e := page[at:]
		elementFlags, position, keySize, valueSize := le.Uint32(e), le.Uint32(e[4:]), le.Uint32(e[8:]), le.Uint32(e[12:])
		pageID := uint64(0)
		if flags == branchFlag {
			elementFlags, position, keySize, valueSize, pageID = 0, le.Uint32(e), le.Uint32(e[4:]), 0, le.Uint64(e[8:])
		}
		start := uint64(at) + uint64(position)
		end := start + uint64(keySize) + uint64(valueSize)
		if end > uint64(len(page)) || start != uint64(next) {
			return fmt.Errorf("element %d is out of place", i)
		}
		next = int(end)
		key := page[start : start+uint64(keySize)]
		value := page[start+uint64(keySize) : end : end]
		if flags == branchFlag {
			value = nil
		}
		if err := visit(elementFlags, key, value, pageID); err != nil {
			return err
		}
	}
	return nil
}

// freelist checks that no free page is in use. It reads last: by then every page
// in use is known.
func (s *scanner) freelist(id uint64) error {
	page, err := s.read(id)
	if err != nil {
		return err
	}
	le := binary.LittleEndian
	if le.Uint16(page[8:]) != freelistFlag {
		return fmt.Errorf("page %d is not the freelist", id)
	}
	ids, count := page[pageHeader:], uint64(le.Uint16(page[10:]))
	if count == 0xFFFF {
		count, ids = le.Uint64(ids), ids[8:]
	}
	if count > uint64(len(ids)/8) {
		return fmt.Errorf("the freelist has %d pages", count)
	}
	for i := range count {
		free := le.Uint64(ids[8*i:])
		if free < 2 || free >= s.pages || s.used[free] {
			return fmt.Errorf("page %d is free and in use", free)
		}
		s.used[free] = true
	}
	return nil
}
