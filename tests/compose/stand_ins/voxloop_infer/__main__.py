from stand_in import main

main("infer")
