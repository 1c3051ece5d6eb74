"""Placeholder."""
from lighttight.media.wire import Undecodable
def prepare(): return False
def format_of(file): return None
def answer(request, file, sniffed): raise Undecodable("codec")
