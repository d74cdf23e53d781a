package i18n

import (
	"strconv"
	"strings"
	"time"
)

// dates is how a language writes dates and times in digits (Unicode CLDR, Gregorian calendar, numeric date and medium
// time), as layouts of package time. Hours have two digits where they count to 24, as clocks show them.
type dates struct {
	date   string // with what stands between it and the time
	time   string // to the minute
	second string // to the second
	am, pm string // where hours count to 12
}

// isolate keeps Arabic dates in order beside words of either direction: a right-to-left mark before each stroke.
const isolate = "\u200f"

// datesOf says how each language does it. All digits are European: CLDR has them for Arabic, too, and so have the codes
// and keys on the same pages.
func datesOf(lang string) dates {
	d := dates{date: "02/01/2006, ", time: "15:04", second: "15:04:05"} // it, pt-BR
	switch lang {
	case "en":
		d.date = "2 Jan 2006, " // day and month have another order in America
	case "fr":
		d.date = "02/01/2006 "
	case "es", "vi":
		d.date = "2/1/2006, "
	case "th":
		d.date = "2/1/2006 "
	case "id":
		d = dates{date: "2/1/2006, ", time: "15.04", second: "15.04.05"}
	case "de", "nb", "pl", "he":
		d.date = "2.1.2006, "
	case "ru", "uk":
		d.date = "02.01.2006, "
	case "tr":
		d.date = "02.01.2006 "
	case "cs":
		d.date = "2. 1. 2006 "
	case "nl":
		d.date = "2-1-2006, "
	case "sv":
		d.date = "2006-01-02 "
	case "hu":
		d.date = "2006. 01. 02. "
	case "ja", "zh-Hans":
		d.date = "2006年1月2日 "
	case "zh-Hant":
		d = dates{date: "2006年1月2日 ", time: "PM3:04", second: "PM3:04:05", am: "上午", pm: "下午"}
	case "ko":
		d = dates{date: "2006년 1월 2일 ", time: "PM 3:04", second: "PM 3:04:05", am: "오전", pm: "오후"}
	case "ar":
		d = dates{date: "2" + isolate + "/1" + isolate + "/2006، ", time: "3:04 PM", second: "3:04:05 PM", am: "ص", pm: "م"}
	}
	return d
}

// Moment writes a point in time for a person who has no script to turn it into local time.
func (p *Printer) Moment(t time.Time) string {
	d := datesOf(p.lang)
	t = t.UTC()
	date := t.Format(d.date)
	if p.lang == "th" { // years are the Buddhist calendar's, 543 ahead
		date = strings.Replace(date, t.Format("/2006"), "/"+strconv.Itoa(t.Year()+543), 1)
	}
	return date + d.format(t, d.time)
}

// Clock writes a time of today, to the second, likewise.
func (p *Printer) Clock(t time.Time) string {
	d := datesOf(p.lang)
	return d.format(t.UTC(), d.second)
}

func (d dates) format(t time.Time, layout string) string {
	text := t.Format(layout)
	if d.am != "" {
		text = strings.NewReplacer("AM", d.am, "PM", d.pm).Replace(text)
	}
	return text + " UTC"
}
