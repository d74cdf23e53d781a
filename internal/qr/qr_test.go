package qr_test

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"strings"
	"sync"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
	skip2 "github.com/skip2/go-qrcode"

	"cognito-enroll/internal/qr"
	"cognito-enroll/internal/totp"
)

const key52 = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXPJBSW"

// read decodes a picture with an encoder-independent library, enlarged as the page enlarges it.
func read(t *testing.T, picture []byte) string {
	t.Helper()
	small, err := png.Decode(bytes.NewReader(picture))
	if err != nil {
		t.Fatal(err)
	}
	scale := qr.Scale(small.Bounds().Dx(), 240, 240)
	large := image.NewGray(image.Rect(0, 0, small.Bounds().Dx()*scale, small.Bounds().Dy()*scale))
	for y := range large.Bounds().Dy() {
		for x := range large.Bounds().Dx() {
			large.Set(x, y, color.GrayModel.Convert(small.At(x/scale, y/scale)))
		}
	}
	bitmap, err := gozxing.NewBinaryBitmapFromImage(large)
	if err != nil {
		t.Fatal(err)
	}
	result, err := qrcode.NewQRCodeReader().Decode(bitmap, map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_PURE_BARCODE: true})
	if err != nil {
		t.Fatalf("decode: %v", err)
	}
	return result.GetText()
}

func TestAnIndependentReaderReadsThePicture(t *testing.T) {
	drawer := qr.NewDrawer(8)
	for _, account := range []string{"ada", "ada@northwind.example", "a&b#c:d%e+f", "עדה", "🦦", strings.Repeat("x", 128), strings.Repeat("é", 128)} {
		uri := totp.URI("R&D Portal #1", account, key52)
		picture, err := drawer.PNG(uri)
		if err != nil {
			t.Fatal(err)
		}
		if got := read(t, picture); got != uri {
			t.Errorf("read %q, want %q", got, uri)
		}
		modules, err := qr.Modules(uri)
		if err != nil {
			t.Fatal(err)
		}
		config, err := png.DecodeConfig(bytes.NewReader(picture))
		if err != nil || config.Width != modules || config.Height != modules {
			t.Errorf("picture is %d × %d (%v), Modules says %d", config.Width, config.Height, err, modules)
		}
	}
}

// The longest names that people can have make the largest code that there is.
func TestTheLongestNamesFit(t *testing.T) {
	uri := totp.URI(strings.Repeat("i", totp.MaxIssuer), strings.Repeat("🦦", 128), key52)
	picture, err := qr.NewDrawer(1).PNG(uri)
	if err != nil {
		t.Fatal(err)
	}
	if got := read(t, picture); got != uri {
		t.Errorf("read %q, want %q", got, uri)
	}
}

func TestTooLongATextIsAnError(t *testing.T) {
	if _, err := qr.NewDrawer(1).PNG(strings.Repeat("x", 3000)); err == nil {
		t.Error("PNG of 3,000 characters: no error")
	}
	if _, err := qr.Modules(strings.Repeat("x", 3000)); err == nil {
		t.Error("Modules of 3,000 characters: no error")
	}
}

func TestDrawerRemembersAndForgets(t *testing.T) {
	drawer := qr.NewDrawer(2)
	draw := func(text string) []byte {
		t.Helper()
		picture, err := drawer.PNG(text)
		if err != nil {
			t.Fatal(err)
		}
		return picture
	}
	same := func(a, b []byte) bool { return &a[0] == &b[0] } // the same memory: not drawn again

	first := draw("one")
	if !same(first, draw("one")) {
		t.Error("drawn twice")
	}
	draw("two")
	draw("three") // pushes "one" out
	again := draw("one")
	if same(first, again) || !bytes.Equal(first, again) {
		t.Error("want the same bytes, drawn anew, after being pushed out")
	}
	drawer.Forget("one")
	if same(again, draw("one")) {
		t.Error("still there after Forget")
	}
	drawer.Forget("never drawn")
}

func TestDrawerIsSafeForManyAtOnce(t *testing.T) {
	drawer := qr.NewDrawer(4)
	var group sync.WaitGroup
	for i := range 64 {
		group.Go(func() {
			text := strings.Repeat("a", 1+i%8)
			if picture, err := drawer.PNG(text); err != nil || len(picture) == 0 {
				t.Errorf("PNG = %d bytes, %v", len(picture), err)
			}
			drawer.Forget(text)
		})
	}
	group.Wait()
}

func TestScaleIsWholeAndLargeEnough(t *testing.T) {
	for modules := 29; modules <= 185; modules += 4 {
		width := modules * qr.Scale(modules, 240, 304)
		if width < 240 || width > 304 && width-modules >= 240 || width+modules <= 304 {
			t.Errorf("%d modules are shown at %d pixels, want the largest multiple up to 304, or the least from 240 on", modules, width)
		}
	}
}

// The figures "QR first view" and "QR again", beside what skip2 alone costs.
func BenchmarkQR(b *testing.B) {
	uri := totp.URI("Northwind", "ada@northwind.example", key52)
	b.Run("first-view", func(b *testing.B) {
		drawer := qr.NewDrawer(1)
		for b.Loop() {
			drawer.Forget(uri)
			if _, err := drawer.PNG(uri); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("again", func(b *testing.B) {
		drawer := qr.NewDrawer(1)
		for b.Loop() {
			if _, err := drawer.PNG(uri); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("limit-skip2-Bitmap", func(b *testing.B) {
		for b.Loop() {
			code, err := skip2.New(uri, skip2.Medium)
			if err != nil {
				b.Fatal(err)
			}
			code.Bitmap()
		}
	})
	b.Run("naive-skip2-PNG-256", func(b *testing.B) {
		for b.Loop() {
			if _, err := skip2.Encode(uri, skip2.Medium, 256); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// pictureOf turns characters back into a picture: one pixel for each module.
func pictureOf(t *testing.T, drawn string) []byte {
	t.Helper()
	lines := strings.Split(strings.TrimSuffix(drawn, "\n"), "\n")
	var picture *image.Gray
	for y, line := range lines {
		line, ok := strings.CutPrefix(line, "\x1b[38;5;16;48;5;231m")
		line, ended := strings.CutSuffix(line, "\x1b[0m")
		if !ok || !ended {
			t.Fatalf("line %d does not set its colours and put them back: %q", y, line)
		}
		halves := []rune(line)
		if picture == nil {
			picture = image.NewGray(image.Rect(0, 0, len(halves), 2*len(lines)))
		}
		for x, half := range halves {
			upper, lower := uint8(255), uint8(255)
			switch half {
			case '█':
				upper, lower = 0, 0
			case '▀':
				upper = 0
			case '▄':
				lower = 0
			case ' ':
			default:
				t.Fatalf("%q in the picture", half)
			}
			picture.SetGray(x, 2*y, color.Gray{Y: upper})
			picture.SetGray(x, 2*y+1, color.Gray{Y: lower})
		}
	}
	var out bytes.Buffer
	if err := png.Encode(&out, picture); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestATerminalsPictureIsRead(t *testing.T) {
	for _, text := range []string{"https://mfa.example.com/i/p479xj0xwj7y31ereg1zkpr810", "x", strings.Repeat("https://", 40)} {
		drawn, err := qr.Terminal(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := read(t, pictureOf(t, drawn)); got != text {
			t.Errorf("read %q, want %q", got, text)
		}
		blank := strings.Repeat(" ", 8)
		for i, line := range strings.Split(strings.TrimSpace(drawn), "\n") {
			if i < 2 && strings.Trim(line[strings.Index(line, "m")+1:strings.LastIndex(line, "\x1b")], " ") != "" || !strings.Contains(line, "m"+blank[:4]) || !strings.Contains(line, blank[:4]+"\x1b") {
				t.Errorf("line %d has no quiet zone of four modules", i)
			}
		}
	}
	if _, err := qr.Terminal(strings.Repeat("x", 5000)); err == nil {
		t.Error("more than a code can hold is drawn")
	}
}
