package web_test

import (
	"bytes"
	"cmp"
	"flag"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"cognito-enroll/internal/helpdesk"
	"cognito-enroll/internal/userpool"
)

var pictures = flag.Bool("pictures", false, "draw the pictures of docs/helpdesk.md anew")

// The pictures of docs/helpdesk.md: go test ./web -run TestPicturesOfTheHelpDesk -pictures
func TestPicturesOfTheHelpDesk(t *testing.T) {
	if !*pictures {
		t.Skip("-pictures draws them anew")
	}
	mail := &outbox{}
	p := openPortal(t, func(o *portalOptions) {
		o.desk = &deskOptions{notifier: mail, policy: helpdesk.Policy{Mode: helpdesk.PolicyTicket}}
	})
	p.addAgent("dana", "desk")
	p.addAgent("lena", "leads")
	p.addCaller("alice", userpool.StateNew)
	wide := look{name: "desk", width: 1000, height: 700, scale: 1}
	c := &call{p, p.openTab(wide).deskSignIn("lena"), p.openTab(look{name: "phone", width: 390, height: 700, scale: 1, touch: true})}

	// Her first day.
	c.opens(c.makesLink("alice"))
	c.signsIn()
	c.finishes()
	// And the day on which her phone is gone.
	p.clock.advance(30 * 24 * time.Hour)
	c.agent.deskSignIn("dana")
	c.asks("alice", ".acts .btn.quiet")
	c.agent.shows(".msg", "All parts are done").click(".row a.btn")
	path, piece := c.handedOut()
	c.caller.open(path).at(path).fill("#piece", piece).draw("helpdesk-caller")
	c.caller.click("main [type=submit]")
	p.clock.advance(40 * time.Second)
	c.signsIn()
	p.clock.advance(50 * time.Second)
	c.caller.expect("status of 422")
	c.caller.fill("#code", p.codeAt(c.caller.key(), p.clock.Now().Add(-4*time.Minute))).click("main form .btn").shows("[role=alert]", "behind")
	c.agent.shows(".track", "4 minutes slow").draw("helpdesk-call")
	c.agent.open("/desk").at("/desk").fill("#account", "alice").click(".search .btn").shows("h1", "Alice Moreau").draw("helpdesk-account")
}

// draw writes what is in the window to docs/, with few colours: a page has no more, and the picture stays small.
func (b *tab) draw(name string) {
	b.t.Helper()
	value[bool](b, `(() => {
		const address = document.querySelector("#address");
		if (address) address.textContent = address.textContent.replace(/^https?:\/\/[^/]+/, "https://mfa.northwind.example");
		document.activeElement.blur();
		scrollTo(0, 0);
		return true;
	})()`)
	shot, err := png.Decode(bytes.NewReader(b.picture(true)))
	b.must(err)
	bounds := shot.Bounds()
	few := image.NewPaletted(bounds, commonest(shot, 96))
	draw.Draw(few, bounds, shot, bounds.Min, draw.Src)
	var out bytes.Buffer
	b.must((&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, few))
	b.must(os.WriteFile(filepath.Join("../docs", name+".png"), out.Bytes(), 0o644))
}

// commonest are the n colours that a picture has most of.
func commonest(picture image.Image, n int) color.Palette {
	counts := map[color.RGBA]int{}
	for y := picture.Bounds().Min.Y; y < picture.Bounds().Max.Y; y++ {
		for x := picture.Bounds().Min.X; x < picture.Bounds().Max.X; x++ {
			counts[color.RGBAModel.Convert(picture.At(x, y)).(color.RGBA)]++ //nolint:forcetypeassert // RGBAModel makes nothing else
		}
	}
	sorted := slices.SortedFunc(maps.Keys(counts), func(a, b color.RGBA) int {
		return cmp.Or(counts[b]-counts[a], cmp.Compare(int(a.R)<<16|int(a.G)<<8|int(a.B), int(b.R)<<16|int(b.G)<<8|int(b.B)))
	})
	palette := make(color.Palette, 0, n)
	for _, each := range sorted[:min(n, len(sorted))] {
		palette = append(palette, each)
	}
	return palette
}

// Pictures of the book are small: nobody waits for a page of documentation.
func TestPicturesOfTheBookAreSmall(t *testing.T) {
	found, err := filepath.Glob("../docs/helpdesk-*.png")
	if err != nil || len(found) != 3 {
		t.Fatalf("got %d pictures, %v, want three", len(found), err)
	}
	for _, path := range found {
		if info, err := os.Stat(path); err != nil || info.Size() > 120_000 {
			t.Errorf("%s: %d bytes, %v", path, info.Size(), err)
		}
	}
}
