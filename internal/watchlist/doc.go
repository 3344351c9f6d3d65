// Package watchlist reads lists of things a SOC knows about – assets, people, networks,
// terms – from files, for queries to look things up in.
//
// It promises what Sentinel's watchlists are to a query: an alias, a search key, items
// whose every cell is text, an id per item that stays the same while the item does. It
// refuses a file that is not exactly right with its reason and the line, and lets the
// others load; and it refuses what is larger than Sentinel allows in a row. Columns a
// built-in list requires are required of every list of its alias. It is tested on files.
package watchlist
