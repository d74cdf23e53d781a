package web_test

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
)

// readQR reads a picture of a QR code with a library that shares nothing with the one that drew it.
func readQR(t testing.TB, picture []byte) string {
	t.Helper()
	small, err := png.Decode(bytes.NewReader(picture))
	if err != nil {
		t.Fatal(err)
	}
	const scale = 5
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
		t.Fatalf("cannot read the QR code: %v", err)
	}
	return result.GetText()
}
