from stand_in import main

main("train")
