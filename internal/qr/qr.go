// Package qr draws text, an otpauth URI, as a QR code in a small PNG.
//
// The encoder is skip2/go-qrcode, used for its bitmap alone: its own PNG writer costs as much again. The picture has
// one pixel per module, quiet zone included; the page shows it enlarged by a whole number ([Scale]), so that every
// module is sharp on every screen.
//
// [Terminal] draws it in characters, for the command line.
//
//	Drawer.PNG(text) ── drawn before? ──> the same bytes
//	                └── Bitmap() ── hand-laid 1-bit PNG ──> remembered until Forget or until newer ones push it out
package qr

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/adler32"
	"hash/crc32"

	"github.com/skip2/go-qrcode"
)

// level is Medium: for texts of our length it is faster to encode than Low, and it survives more damage.
const level = qrcode.Medium

// quietZone is the white border that scanners need, in modules on each side (ISO/IEC 18004 section 6.3.8).
const quietZone = 4

// Modules is the width of text's QR code in modules, quiet zone included. It is much cheaper than drawing.
func Modules(text string) (int, error) {
	code, err := qrcode.New(text, level)
	if err != nil {
		return 0, fmt.Errorf("qr: %w", err)
	}
	return 17 + 4*code.VersionNumber + 2*quietZone, nil
}

// Scale is the whole number of CSS pixels for each module of a code: the largest with which it is at most so many CSS
// pixels wide, or, where that would leave it narrower than least, the smallest with which it is not.
func Scale(modules, least, most int) int {
	return max(1, most/modules, (least+modules-1)/modules)
}

// draw makes the PNG of text, one pixel per module.
func draw(text string) ([]byte, error) {
	code, err := qrcode.New(text, level)
	if err != nil {
		return nil, fmt.Errorf("qr: %w", err)
	}
	return encodePNG(code.Bitmap()), nil
}

// encodePNG lays out a 1-bit greyscale PNG by hand (W3C PNG, third edition). Its pixels are one stored, that is not
// compressed, deflate block: a symbol is a few hundred bytes, less than a compressor's own tables take to set up.
func encodePNG(dark [][]bool) []byte {
	width := len(dark)
	stride := 1 + (width+7)/8 // a filter byte, then eight pixels a byte
	pixels := make([]byte, 0, width*stride)
	for _, row := range dark {
		line := make([]byte, stride)
		for x, isDark := range row {
			if !isDark {
				line[1+x/8] |= 0x80 >> (x % 8) // in greyscale, one is white
			}
		}
		pixels = append(pixels, line...)
	}

	var header [13]byte
	binary.BigEndian.PutUint32(header[0:], uint32(width))
	binary.BigEndian.PutUint32(header[4:], uint32(len(dark)))
	header[8] = 1 // bit depth; colour type 0 is greyscale

	zlib := make([]byte, 0, len(pixels)+11)
	zlib = append(zlib, 0x78, 0x01, 0x01) // zlib header; last block, stored
	zlib = binary.LittleEndian.AppendUint16(zlib, uint16(len(pixels)))
	zlib = binary.LittleEndian.AppendUint16(zlib, ^uint16(len(pixels)))
	zlib = append(zlib, pixels...)
	zlib = binary.BigEndian.AppendUint32(zlib, adler32.Checksum(pixels))

	var out bytes.Buffer
	out.Grow(len(zlib) + 57) // signature, header, and what is around the chunks: it is kept, so it has no room to spare
	out.WriteString("\x89PNG\r\n\x1a\n")
	writeChunk(&out, "IHDR", header[:])
	writeChunk(&out, "IDAT", zlib)
	writeChunk(&out, "IEND", nil)
	return out.Bytes()
}

func writeChunk(out *bytes.Buffer, kind string, data []byte) {
	var word [4]byte
	binary.BigEndian.PutUint32(word[:], uint32(len(data)))
	out.Write(word[:])
	sum := crc32.NewIEEE()
	for _, part := range [][]byte{[]byte(kind), data} {
		out.Write(part)
		sum.Write(part)
	}
	binary.BigEndian.PutUint32(word[:], sum.Sum32())
	out.Write(word[:])
}
