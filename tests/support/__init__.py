"""What several tests need and no test is: real services, made media, small harnesses."""
