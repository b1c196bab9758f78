package filewatch

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestContentTellsVersionsApart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	c := Content{Path: path, Most: 4}
	write := func(text string) { require.NoError(t, os.WriteFile(path, []byte(text), 0o600)) }
	read := func() (string, bool) {
		raw, news, err := c.Read()
		require.NoError(t, err)
		return string(raw), news
	}
	is := func(want string, wantNews bool) {
		t.Helper()
		text, news := read()
		require.Equal(t, want, text)
		require.Equal(t, wantNews, news)
	}
	_, news, err := c.Read()
	require.ErrorIs(t, err, os.ErrNotExist)
	require.False(t, news)
	write("a")
	is("a", true)
	is("a", false)
	write("b")
	is("b", true)
	require.NoError(t, os.Remove(path))
	_, _, err = c.Read()
	require.Error(t, err)
	write("b")
	is("b", true) // what was there before the error may have been used or not
	c.Forget()
	is("b", true)
	write("longer")
	is("longe", true) // one byte more than allowed tells it
}
