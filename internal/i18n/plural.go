package i18n

// plural is the category of a whole number in a language (Unicode CLDR, language plural rules). Languages that are not
// named tell one from other.
func plural(lang string, n int) string {
	ten, hundred := n%10, n%100
	switch lang {
	case "id", "ja", "ko", "th", "vi", "zh-Hans", "zh-Hant":
		return "other"
	case "fr", "pt-BR":
		if n == 0 || n == 1 {
			return "one"
		}
		return "other"
	case "cs":
		if n >= 2 && n <= 4 {
			return "few"
		}
	case "pl":
		switch {
		case n == 1:
			return "one"
		case ten >= 2 && ten <= 4 && (hundred < 12 || hundred > 14):
			return "few"
		}
		return "many"
	case "ru", "uk":
		switch {
		case ten == 1 && hundred != 11:
			return "one"
		case ten >= 2 && ten <= 4 && (hundred < 12 || hundred > 14):
			return "few"
		}
		return "many"
	case "ar":
		switch {
		case n == 0:
			return "zero"
		case n == 2:
			return "two"
		case hundred >= 3 && hundred <= 10:
			return "few"
		case hundred >= 11:
			return "many"
		}
	case "he":
		if n == 2 {
			return "two"
		}
	}
	if n == 1 {
		return "one"
	}
	return "other"
}
