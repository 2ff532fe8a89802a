"""Times a pack on an Android device over adb."""
