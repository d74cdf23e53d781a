package qr

import (
	"container/list"
	"crypto/sha256"
	"runtime"
	"sync"
)

// Drawer draws each text once and remembers the picture: a person reloads, goes back and mistypes far more often than
// a new key is made. It holds pictures of keys, so it is small, in memory only, and forgets on request.
// It is safe for concurrent use.
type Drawer struct {
	limit int
	slots chan struct{} // as many drawings at once as there are processors; more would only make all of them late

	mu     sync.Mutex
	recent *list.List // of *picture, newest first
	byHash map[[sha256.Size]byte]*list.Element
}

type picture struct {
	hash    [sha256.Size]byte
	draw    func() ([]byte, error)
	modules func() (int, error)
}

// NewDrawer makes a Drawer that remembers up to limit pictures.
func NewDrawer(limit int) *Drawer {
	return &Drawer{
		limit:  max(1, limit),
		slots:  make(chan struct{}, runtime.GOMAXPROCS(0)),
		recent: list.New(),
		byHash: make(map[[sha256.Size]byte]*list.Element),
	}
}

// PNG is the QR code of text, one pixel per module, quiet zone included: always the same bytes for the same text.
// Callers that ask at the same time share one drawing.
func (d *Drawer) PNG(text string) ([]byte, error) {
	return d.picture(text).draw()
}

// Modules is what [Modules] is, measured once.
func (d *Drawer) Modules(text string) (int, error) {
	return d.picture(text).modules()
}

func (d *Drawer) picture(text string) *picture {
	hash := sha256.Sum256([]byte(text))
	d.mu.Lock()
	defer d.mu.Unlock()
	if element, found := d.byHash[hash]; found {
		d.recent.MoveToFront(element)
		return element.Value.(*picture) //nolint:forcetypeassert // the list holds nothing else
	}
	p := &picture{hash: hash, draw: sync.OnceValues(func() ([]byte, error) {
		d.slots <- struct{}{}
		defer func() { <-d.slots }()
		return draw(text)
	}), modules: sync.OnceValues(func() (int, error) { return Modules(text) })}
	d.byHash[hash] = d.recent.PushFront(p)
	if d.recent.Len() > d.limit {
		d.drop(d.recent.Back())
	}
	return p
}

// Forget drops the picture of text. It is called when the key in it is done with.
func (d *Drawer) Forget(text string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if element, found := d.byHash[sha256.Sum256([]byte(text))]; found {
		d.drop(element)
	}
}

func (d *Drawer) drop(element *list.Element) {
	p := d.recent.Remove(element).(*picture) //nolint:forcetypeassert // the list holds nothing else
	delete(d.byHash, p.hash)
}
