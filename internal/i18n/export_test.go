package i18n

// Messages are a catalogue's texts: by key, then by plural category.
func Messages(p *Printer) map[string]map[string]string {
	messages := make(map[string]map[string]string, len(p.messages()))
	for key, m := range p.messages() {
		messages[key] = m
	}
	return messages
}

// Plural is plural.
func Plural(lang string, n int) string { return plural(lang, n) }
