package web_test

import (
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"cognito-enroll/internal/userpool"
)

var asset = regexp.MustCompile(`/static/[^"]+`)

// What a phone on a slow line waits for before it shows the QR code, as it goes over the wire.
func TestWeightOfTheSetUpPage(t *testing.T) {
	p := openPortal(t)
	p.addUser("ada", userpool.StateNew)
	b := p.browser()
	languages, err := readLanguages()
	p.must(err)
	heaviest := 0
	for _, each := range languages.All() {
		p.clock.advance(30 * time.Minute) // nobody signs in so often
		b.setCookie("lang", each.Tag)
		b.signIn("ada", password).at("/set-up")
		if size := wire(b, "/set-up"); size > 8<<10 {
			t.Errorf("%s: the page has %d bytes, want at most %d", each.Tag, size, 8<<10)
		} else {
			heaviest = max(heaviest, size)
		}
		b.submit("/sign-out")
	}
	t.Logf("the heaviest language has %d bytes", heaviest)
	b.signIn("ada", password).at("/set-up")
	weights := map[string]int{}
	for _, path := range asset.FindAllString(string(b.body), -1) {
		weights[path[strings.LastIndex(path, "."):]] += wire(b, path)
	}
	for kind, most := range map[string]int{".css": 6 << 10, ".js": 20 << 10} {
		if got := weights[kind]; got == 0 || got > most {
			t.Errorf("%s: %d bytes, want at most %d", kind, got, most)
		}
	}
}

// wire is how many bytes the body of an answer has on its way to a browser. Pages are never compressed: they carry keys
// and tokens beside what others can choose. Assets are.
func wire(b *browser, path string) int {
	b.t.Helper()
	r := b.request(http.MethodGet, path, nil)
	r.Header.Set("Accept-Encoding", "gzip, deflate, br, zstd")
	r.Header.Set("User-Agent", iPhone) // which is offered a link more
	b.do(r).status(http.StatusOK)
	encoding := b.answer.Header.Get("Content-Encoding")
	if isAsset := strings.HasPrefix(path, "/static/"); isAsset != (encoding == "gzip") {
		b.t.Errorf("%s is encoded as %q", path, encoding)
	}
	if encoding == "gzip" {
		unzipped, err := gzip.NewReader(strings.NewReader(string(b.body)))
		b.must(err)
		if plain, err := io.ReadAll(unzipped); err != nil || len(plain) <= len(b.body) {
			b.t.Errorf("%s: %d bytes become %d, %v", path, len(b.body), len(plain), err)
		}
	}
	return len(b.body)
}

// A cold browser asks five times, a warm one twice: for the page, and for the picture that is kept nowhere.
func TestBrowserRequestsOfTheSetUpPage(t *testing.T) {
	p := openPortal(t, func(o *portalOptions) { o.plainHTTP = true }) // nothing is kept of a site with a bad certificate
	p.addUser("ada", userpool.StateNew)
	b := p.openTab(desktop)
	b.signIn("ada", password).at("/set-up")
	b.do("forget all files", chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, network.ClearBrowserCache, cdp.Empty{})
		return err
	}))
	for _, test := range []struct {
		what string
		most int
	}{{"cold", 4}, {"warm", 2}} { // and the icon, which browsers ask for when they like: it is the cold one's fifth
		b.open("/set-up").at("/set-up").wait(one(".qr img") + ".complete")
		asked := value[[]string](b, `[...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
			.filter(each => each.transferSize > 0 && each.name !== document.querySelector("link[rel=icon]").href).map(each => new URL(each.name).pathname)`)
		if len(asked) < 2 || len(asked) > test.most {
			t.Errorf("%s: %d requests, want at most %d: %q", test.what, len(asked), test.most, asked)
		}
	}
}
