"""The timeline grid: Qt-free arithmetic in `layout` and `selection`, painting in `view`."""
