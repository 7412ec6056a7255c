from stand_in import main

main("annotate")
