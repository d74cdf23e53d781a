package i18n_test

import (
	"testing"
	"time"
)

// As Unicode CLDR 48 has it, but for hours of two digits, month names in English, and the day periods of Korean.
func TestDatesAndTimesAreWrittenAsTheLanguageDoes(t *testing.T) {
	evening := time.Date(2026, 11, 3, 21, 5, 7, 0, time.UTC)
	morning := time.Date(2028, 2, 29, 0, 5, 7, 0, time.FixedZone("", -3600)) // in UTC an hour later
	want := map[string][3]string{
		"ar":      {"3\u200f/11\u200f/2026، 9:05 م UTC", "9:05:07 م UTC", "29\u200f/2\u200f/2028، 1:05 ص UTC"},
		"cs":      {"3. 11. 2026 21:05 UTC", "21:05:07 UTC", "29. 2. 2028 01:05 UTC"},
		"de":      {"3.11.2026, 21:05 UTC", "21:05:07 UTC", "29.2.2028, 01:05 UTC"},
		"en":      {"3 Nov 2026, 21:05 UTC", "21:05:07 UTC", "29 Feb 2028, 01:05 UTC"},
		"es":      {"3/11/2026, 21:05 UTC", "21:05:07 UTC", "29/2/2028, 01:05 UTC"},
		"fr":      {"03/11/2026 21:05 UTC", "21:05:07 UTC", "29/02/2028 01:05 UTC"},
		"he":      {"3.11.2026, 21:05 UTC", "21:05:07 UTC", "29.2.2028, 01:05 UTC"},
		"hu":      {"2026. 11. 03. 21:05 UTC", "21:05:07 UTC", "2028. 02. 29. 01:05 UTC"},
		"id":      {"3/11/2026, 21.05 UTC", "21.05.07 UTC", "29/2/2028, 01.05 UTC"},
		"it":      {"03/11/2026, 21:05 UTC", "21:05:07 UTC", "29/02/2028, 01:05 UTC"},
		"ja":      {"2026年11月3日 21:05 UTC", "21:05:07 UTC", "2028年2月29日 01:05 UTC"},
		"ko":      {"2026년 11월 3일 오후 9:05 UTC", "오후 9:05:07 UTC", "2028년 2월 29일 오전 1:05 UTC"},
		"nb":      {"3.11.2026, 21:05 UTC", "21:05:07 UTC", "29.2.2028, 01:05 UTC"},
		"nl":      {"3-11-2026, 21:05 UTC", "21:05:07 UTC", "29-2-2028, 01:05 UTC"},
		"pl":      {"3.11.2026, 21:05 UTC", "21:05:07 UTC", "29.2.2028, 01:05 UTC"},
		"pt-BR":   {"03/11/2026, 21:05 UTC", "21:05:07 UTC", "29/02/2028, 01:05 UTC"},
		"ru":      {"03.11.2026, 21:05 UTC", "21:05:07 UTC", "29.02.2028, 01:05 UTC"},
		"sv":      {"2026-11-03 21:05 UTC", "21:05:07 UTC", "2028-02-29 01:05 UTC"},
		"th":      {"3/11/2569 21:05 UTC", "21:05:07 UTC", "29/2/2571 01:05 UTC"},
		"tr":      {"03.11.2026 21:05 UTC", "21:05:07 UTC", "29.02.2028 01:05 UTC"},
		"uk":      {"03.11.2026, 21:05 UTC", "21:05:07 UTC", "29.02.2028, 01:05 UTC"},
		"vi":      {"3/11/2026, 21:05 UTC", "21:05:07 UTC", "29/2/2028, 01:05 UTC"},
		"zh-Hans": {"2026年11月3日 21:05 UTC", "21:05:07 UTC", "2028年2月29日 01:05 UTC"},
		"zh-Hant": {"2026年11月3日 下午9:05 UTC", "下午9:05:07 UTC", "2028年2月29日 上午1:05 UTC"},
	}
	all := languages(t)
	for _, each := range all.All() {
		p, _ := all.Printer(each.Tag)
		if got := [3]string{p.Moment(evening), p.Clock(evening), p.Moment(morning)}; got != want[each.Tag] {
			t.Errorf("%s: got %q, want %q", each.Tag, got, want[each.Tag])
		}
	}
}
