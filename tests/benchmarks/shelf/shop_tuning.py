"""Ten shops on which the engine may be tuned. Nothing of them is in `shop_report`."""

from shop_furniture import Look
from shop_goods import Print, Trade
from shop_price_tags import EINK, INK, PAPER, RED, YELLOW, House

BRANDS = ("麦谷", "青禾", "悦溪", "锦程", "小满", "乐芽", "北岸", "山语", "初晴", "福顺", "晶露", "豆豆熊")
MODERN = Print(brands=BRANDS, grounds=("fade", "split", "dots", "rays"), layouts=("medal", "banner", "bold"), saturation=(0.45, 0.8), value=(0.55, 0.92))
CALM = Print(brands=BRANDS[3:], grounds=("plain", "fade", "white"), layouts=("quiet", "clinic", "column"), saturation=(0.15, 0.5), value=(0.7, 0.97))
MIXED = Print(brands=BRANDS, grounds=("plain", "stripes", "waves", "white", "split"), layouts=("medal", "banner", "column", "bold", "quiet", "window"), saturation=(0.3, 0.8), value=(0.45, 0.92))

SNACKS = Trade(nouns=("薯片", "虾条", "锅巴", "脆饼"), flavours=("原味", "番茄", "烧烤", "黄瓜", "香辣", "海苔"), forms=("pouch", "pouch", "box"),
               nets=("70g", "104g", "145g"), piece="袋", prices=(4, 19), tall=(0.72, 0.92), motifs=("fruit", "leaf", "star"))  # fmt: skip
NOODLES = Trade(nouns=("泡面", "米粉", "拌面"), flavours=("红烧", "酸菜", "骨汤", "香菇", "麻辣"), forms=("cup", "cup", "pouch"),
                nets=("105g", "118g"), piece="桶", prices=(4, 12), tall=(0.56, 0.78), motifs=("leaf", "fish", "bean"))  # fmt: skip
SODA = Trade(nouns=("汽水", "苏打水", "果汁", "乌龙茶"), flavours=("青柠", "白桃", "葡萄", "橙味", "海盐", "原味"), forms=("bottle", "can", "bottle"),
             nets=("330ml", "500ml"), piece="瓶", prices=(3, 9), tall=(0.7, 0.9), motifs=("fruit", "drop", "leaf"))  # fmt: skip
DAIRY = Trade(nouns=("鲜牛奶", "酸奶", "豆奶"), flavours=("原味", "草莓", "燕麦", "红枣", "低脂"), forms=("gable", "bottle", "cup"),
              nets=("250ml", "950ml"), piece="盒", prices=(5, 26), tall=(0.6, 0.82), motifs=("drop", "fruit", "petal"))  # fmt: skip
SAUCE = Trade(nouns=("辣酱", "豆豉", "香醋", "酱油"), flavours=("香菇", "牛肉", "蒜蓉", "老坛", "零添加"), forms=("jar", "bottle", "jar"),
              nets=("210g", "280g"), piece="瓶", prices=(7, 29), tall=(0.62, 0.84), motifs=("bean", "leaf", "fruit"))  # fmt: skip
HAIR = Trade(nouns=("洗发露", "护发素", "沐浴露"), flavours=("滋润", "去屑", "柔顺", "清爽", "姜韵"), forms=("shampoo", "tube", "shampoo"),
             nets=("400ml", "750ml"), piece="瓶", prices=(19, 79), tall=(0.72, 0.92), motifs=("petal", "drop", "leaf"))  # fmt: skip
CARE = Trade(nouns=("精华水", "面霜", "乳液"), flavours=("水润", "紧致", "焕亮", "舒缓"), forms=("shampoo", "tube", "box", "jar"),
             nets=("50g", "120ml"), piece="支", prices=(59, 299), tall=(0.55, 0.85), motifs=("drop", "petal"))  # fmt: skip
DRUGS = Trade(nouns=("感冒灵", "维生素片", "止咳糖浆", "喉片"), flavours=("成人", "儿童", "无糖", "速溶"), forms=("flatbox", "box", "flatbox"),
              nets=("24片", "10袋", "100ml"), piece="盒", prices=(9, 59), tall=(0.5, 0.72), motifs=("leaf", "drop"))  # fmt: skip
CANDY = Trade(nouns=("软糖", "话梅", "牛肉干", "果脯"), flavours=("原味", "葡萄", "酸甜", "香辣", "蜂蜜"), forms=("hung",),
              nets=("60g", "118g"), piece="袋", prices=(5, 32), tall=(0.82, 0.95), motifs=("fruit", "bean", "star"))  # fmt: skip
TEA = Trade(nouns=("绿茶", "红茶", "花茶"), flavours=("明前", "特级", "茉莉", "桂花"), forms=("tin", "box"),
            nets=("100g", "250g"), piece="罐", prices=(38, 268), tall=(0.62, 0.86), motifs=("leaf", "petal"))  # fmt: skip

CLASSIC = House(layout="classic", tall=0.52, paper=PAPER, accent=RED, ink=INK, digits="raised", share=0.5)
HEADER = House(layout="header", tall=0.5, paper=PAPER, accent=(30, 96, 60), ink=INK, digits="level", share=0.8, member=True)
EPAPER = House(layout="eink", tall=0.5, paper=EINK, accent=INK, ink=INK, digits="raised", share=0.55, unit=True, worn=0.1)
EPAPER_RED = House(layout="eink", tall=0.5, paper=EINK, accent=(180, 20, 24), ink=INK, digits="level", share=0.75, worn=0.1)
YELLOW_STRIP = House(layout="strip", tall=0.48, paper=YELLOW, accent=INK, ink=INK, digits="raised", share=0.6, worn=0.6)
HEADER_BLUE = House(layout="header", tall=0.5, paper=PAPER, accent=(34, 70, 150), ink=(24, 30, 60), digits="trimmed")
CLASSIC_MEMBER = House(layout="classic", tall=0.6, paper=(250, 246, 234), accent=INK, ink=INK, digits="raised", share=0.62, member=True, unit=True)

LOOKS = (
    Look(name="t-market", trades=(SNACKS, NOODLES), prints=MODERN, house=CLASSIC, back="perforated", back_tone=(196, 198, 200),
         board="metal", board_tone=(214, 216, 218), rail="strip", rail_tone=(206, 208, 210), rows=(3, 4), per_row=(6, 8), tag_px=(102, 126)),
    Look(name="t-cooler", trades=(SODA, DAIRY), prints=MODERN, house=EPAPER, back="tile", back_tone=(222, 228, 232), board="wire",
         board_tone=(190, 196, 200), rail="clear", rail_tone=(180, 190, 196), rows=(4, 4), per_row=(6, 8), tag_px=(102, 126), glass=True, light="lit", crf=26),
    Look(name="t-pharmacy", trades=(DRUGS,), prints=CALM, house=HEADER, back="plain", back_tone=(226, 230, 228), board="glass",
         board_tone=(206, 222, 216), rail="strip", rail_tone=(38, 120, 84), rows=(3, 4), per_row=(5, 7), tag_px=(102, 126), sign="家庭常备"),
    Look(name="t-beauty", trades=(CARE, HAIR), prints=CALM, house=EPAPER_RED, back="mirror", back_tone=(176, 178, 186), board="glass",
         board_tone=(196, 204, 206), rail="glass", rail_tone=(220, 222, 224), rows=(3, 3), per_row=(6, 7), tag_px=(102, 126), light="lit"),
    Look(name="t-condiment", trades=(SAUCE,), prints=MIXED, house=YELLOW_STRIP, back="perforated", back_tone=(150, 152, 156), board="metal",
         board_tone=(92, 96, 104), rail="strip", rail_tone=(186, 42, 40), rows=(3, 4), per_row=(5, 8), tag_px=(102, 126), sign="粮油调味", crf=28),
    Look(name="t-peg", trades=(CANDY,), prints=MIXED, house=HEADER_BLUE, back="peg", back_tone=(216, 206, 186), board="metal",
         board_tone=(120, 120, 124), rail="none", rail_tone=(220, 220, 220), rows=(2, 3), per_row=(6, 8), tag_px=(102, 126), hung=True),
    Look(name="t-wire", trades=(NOODLES, SNACKS, SODA), prints=MIXED, house=CLASSIC_MEMBER, back="wire", back_tone=(120, 116, 110), board="wire",
         board_tone=(60, 62, 66), rail="clear", rail_tone=(200, 200, 196), rows=(3, 3), per_row=(5, 6), tag_px=(84, 100), camera=(1280, 720), crf=23),
    Look(name="t-tea", trades=(TEA,), prints=CALM, house=CLASSIC, back="planks", back_tone=(150, 108, 70), board="wood", board_tone=(126, 88, 56),
         rail="wood", rail_tone=(112, 78, 48), rows=(2, 3), per_row=(5, 7), tag_px=(102, 126), light="spots"),
    Look(name="t-shower", trades=(HAIR,), prints=MIXED, house=HEADER, back="slat", back_tone=(206, 200, 192), board="metal", board_tone=(236, 236, 234),
         rail="strip", rail_tone=(240, 240, 238), rows=(3, 4), per_row=(6, 8), tag_px=(102, 126), yaw=7, camera=(1600, 900)),
    Look(name="t-corner", trades=(SODA, SNACKS, SAUCE, DAIRY), prints=MIXED, house=EPAPER, back="plain", back_tone=(112, 116, 124), board="metal",
         board_tone=(70, 74, 80), rail="strip", rail_tone=(36, 84, 150), rows=(4, 5), per_row=(6, 8), tag_px=(102, 126), pitch=7),
)  # fmt: skip
