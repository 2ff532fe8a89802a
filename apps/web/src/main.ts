document.title = 'vitexport'
