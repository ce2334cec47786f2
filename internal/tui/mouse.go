package tui

import tea "charm.land/bubbletea/v2"

// The mouse is off unless it is asked for: a terminal that reports it to us
// selects and copies no text with it any more.

// reported is what a terminal is asked to report of its mouse.
func reported(mouse bool) tea.MouseMode {
	if mouse {
		return tea.MouseModeCellMotion
	}
	return tea.MouseModeNone
}

// notch is how many rows one notch of the wheel goes.
func notch(msg tea.MouseWheelMsg) int {
	switch msg.Button {
	case tea.MouseWheelUp:
		return -1
	case tea.MouseWheelDown:
		return 1
	}
	return 0
}

// seen is where the rows of a list were drawn.
type seen struct{ top, from, to, width int }

// clicked is the row that was drawn where the left button was pressed. A click
// selects and does no more: nothing is asked for by a slip of the hand.
func (s seen) clicked(msg tea.MouseClickMsg) (int, bool) {
	row := s.from + msg.Y - s.top
	return row, msg.Button == tea.MouseLeft && msg.Y >= s.top && row < s.to && msg.X < s.width
}
