package web_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"image"
	"image/draw"
	"image/png"
	"maps"
	mathrand "math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"

	"cognito-enroll/internal/htmltest"
	"cognito-enroll/internal/totp"
	"cognito-enroll/internal/userpool"
)

// scanned is one QR code of the set-up page, and what an app has to find in it.
type scanned struct {
	issuer, account, key string
	pixels, modules      string // width on the page
	picture              []byte
}

// path is where the stage has the picture.
func (s scanned) path() string { return "/picture/" + s.key + ".png" }

// Whatever the names are, an app reads what was meant: from the picture that the browser shows, in the light, in the dark,
// at half the size and on a phone's fine screen. zbarimg shares nothing with what draws the codes.
func TestBrowserShowsCodesThatScan(t *testing.T) {
	if _, err := exec.LookPath("zbarimg"); err != nil {
		if os.Getenv("PORTAL_TEST_BROWSER") == "required" {
			t.Fatalf("needs zbarimg, and PORTAL_TEST_BROWSER=required: %v", err)
		}
		t.Skipf("needs zbarimg: %v", err)
	}
	each := 50 // accounts of each issuer
	if testing.Short() {
		each = 5
	}
	random := mathrand.New(mathrand.NewChaCha8([32]byte{5}))
	var codes []scanned
	for _, issuer := range []string{
		"Northwind", "R&D: Portal #1 +50%", "بوابة الشركة", "שירותים", "北风商贸 🏦", "A", "a%20b%2Bc?secret=x&issuer=y",
		"Ünïcödé GmbH & Co. KG", "👩🏽‍💻 Ops/Dev", strings.Repeat("Long: name & co. ", 8)[:128],
	} {
		codes = append(codes, drawCodes(t, random, issuer, each)...)
	}

	slices.SortFunc(codes, func(a, b scanned) int { return cmp.Compare(len(a.picture), len(b.picture)) })

	b := openStage(t).openTab(desktop)
	page := *theGallery.named(t, "en", "set-up")
	page.files = map[string]file{}
	for _, code := range codes {
		page.files[code.path()] = file{"image/png", code.picture}
	}
	b.visit(&page)
	sheet := look{width: 1640, height: 600}
	for shown := range slices.Chunk(codes, 25) {
		b.layOut(shown)
		var readers sync.WaitGroup
		for _, held := range []look{
			sheet.with(func(l *look) { l.name = "light" }),
			sheet.with(func(l *look) { l.name, l.dark = "dark", true }),
			sheet.with(func(l *look) { l.name, l.scale = "half size", .5 }),
			sheet.with(func(l *look) { l.name, l.scale = "fine screen", 3 }),
		} {
			b.hold(held)
			value[bool](b.tab, `new Promise(drawn => { // the page's script fits the codes to the screen's dots
				dispatchEvent(new Event("resize"));
				requestAnimationFrame(() => requestAnimationFrame(() => drawn(true)));
			})`)
			picture := b.picture(true)
			readers.Go(func() { wantRead(t, held.name, picture, shown) })
		}
		readers.Wait()
	}
}

// wantRead wants all the codes in the picture.
func wantRead(t *testing.T, how string, picture []byte, codes []scanned) {
	t.Helper()
	found := map[string][2]string{}
	for times := 1; times <= 5 && len(found) < len(codes); times++ { // as somebody moves a camera nearer until it reads
		maps.Copy(found, read(t, magnify(t, picture, times)))
	}
	for _, code := range codes {
		if got := found[code.key]; got != [2]string{code.issuer, code.account} {
			t.Errorf("%s: issuer and account of %s are read as %q, want %q and %q", how, code.key, got, code.issuer, code.account)
		}
	}
	if len(found) != len(codes) {
		t.Errorf("%s: %d codes are read, want %d", how, len(found), len(codes))
	}
}

// read answers the issuer and the account by key of every otpauth URI in the picture, taken apart as the wiki of Google
// Authenticator says.
func read(t *testing.T, picture []byte) map[string][2]string {
	t.Helper()
	zbar := exec.CommandContext(t.Context(), "zbarimg", "--quiet", "--nodbus", "--raw", "-Sdisable", "-Sqrcode.enable", "-")
	zbar.Stdin = bytes.NewReader(picture)
	text, err := zbar.Output()
	if _, nothing := errors.AsType[*exec.ExitError](err); err != nil && !nothing {
		t.Errorf("zbarimg: %v", err)
	}
	found := map[string][2]string{}
	for _, line := range strings.Fields(string(text)) {
		uri, err := url.Parse(line)
		if err != nil || uri.Scheme != "otpauth" || uri.Host != "totp" {
			t.Errorf("read %q", line)
			continue
		}
		issuer, account, _ := strings.Cut(strings.TrimPrefix(uri.Path, "/"), ":")
		if also := uri.Query().Get("issuer"); also != issuer {
			t.Errorf("the issuer is %q in the label and %q in the parameter", issuer, also)
		}
		found[uri.Query().Get("secret")] = [2]string{issuer, account}
	}
	return found
}

func magnify(t *testing.T, picture []byte, times int) []byte {
	t.Helper()
	if times == 1 {
		return picture
	}
	small, err := png.Decode(bytes.NewReader(picture))
	if err != nil {
		t.Error(err)
		return nil
	}
	large := image.NewGray(image.Rect(0, 0, small.Bounds().Dx()*times, small.Bounds().Dy()*times))
	for y := range small.Bounds().Dy() {
		for x := range small.Bounds().Dx() {
			dot := image.Rect(x*times, y*times, (x+1)*times, (y+1)*times)
			draw.Draw(large, dot, image.NewUniform(small.At(x, y)), image.Point{}, draw.Src)
		}
	}
	var out bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&out, large); err != nil {
		t.Error(err)
	}
	return out.Bytes()
}

// layOut shows codes in place of everything else on the set-up page, each in the frame that the page has for its own.
func (v *visitor) layOut(codes []scanned) {
	v.t.Helper()
	type shown struct{ Src, Pixels, Modules string }
	var all []shown
	for _, code := range codes {
		all = append(all, shown{code.path(), code.pixels, code.modules})
	}
	literal, err := json.Marshal(all)
	v.must(err)
	value[chromedp.Void](v.tab, `(async () => {
		window.frame ??= document.querySelector(".qr").cloneNode(true);
		const sheet = document.createElement("main");
		Object.assign(sheet.style, {display: "flex", flexWrap: "wrap", alignContent: "start", gap: ".25rem", inlineSize: "1640px", maxInlineSize: "none", padding: "0"});
		for (const {Src, Pixels, Modules} of `+string(literal)+`) {
			const figure = frame.cloneNode(true), img = figure.querySelector("img");
			Object.assign(img, {src: Src, width: Pixels, height: Pixels});
			img.removeAttribute("style");
			img.dataset.modules = Modules;
			sheet.append(figure);
		}
		document.body.replaceChildren(sheet);
		await Promise.all([...sheet.querySelectorAll("img")].map(img => img.decode()));
	})()`)
}

// drawCodes lets people with all kinds of names begin their set-up, and takes the codes from their pages.
func drawCodes(t *testing.T, random *mathrand.Rand, issuer string, count int) []scanned {
	t.Helper()
	p := openPortal(t, func(o *portalOptions) { o.issuer = issuer })
	var codes []scanned
	for i := range count {
		account := accountName(random, i)
		p.addUser(account, userpool.StateNew)
		b := p.browser()
		if answer := b.direct(http.MethodPost, "/sign-in", url.Values{"username": {account}, "password": {password}}); answer.Code != http.StatusSeeOther {
			t.Fatalf("%q cannot sign in: status %d", account, answer.Code)
		}
		page := htmltest.Parse(t, b.direct(http.MethodGet, "/set-up", nil).Body.Bytes())
		codes = append(codes, scanned{
			issuer: totp.Label(issuer), account: totp.Label(account), key: strings.ReplaceAll(page.Text("#key"), " ", ""),
			pixels: page.Attr(".qr img", "width"), modules: page.Attr(".qr img", "data-modules"),
			picture: b.direct(http.MethodGet, "/set-up/qr.png", nil).Body.Bytes(),
		})
	}
	return codes
}

// accountName is a name that some pool may have: Cognito takes every letter, mark, number, symbol and punctuation.
func accountName(random *mathrand.Rand, i int) string {
	pieces := [][]rune{
		[]rune("abcdefghijklmnopqrstuvwxyz0123456789.-_@"), []rune("&#:%+?=/\\\"'<>;,~!*()[]{}|^`$"), []rune("🦦🐙🦉🏦🔐🎉❤"),
		[]rune("אבגדהוזחטיכלמנ"), []rune("ابتثجحخدذرزسش"), []rune("äöüßéèñçğışžåø"), []rune("あいうえお漢字電算機한국어"), []rune("ไทยกขคงจฉ"),
	}
	length := 4 + random.IntN(30)
	if i%20 == 0 {
		length = 128
	}
	kind := random.IntN(len(pieces))
	name := make([]rune, 0, length)
	for range length {
		from := pieces[kind]
		if random.IntN(3) == 0 {
			from = pieces[random.IntN(2)]
		}
		name = append(name, from[random.IntN(len(from))])
	}
	copy(name, []rune(strconv.Itoa(i)+"-")) // no two alike
	return string(name)
}
