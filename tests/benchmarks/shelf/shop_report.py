"""Ten shops of the report set: other goods, packs, prints, tags, furniture and cameras than `shop_tuning`'s. Tune on nothing here."""

from shop_furniture import Look
from shop_goods import Print, Trade
from shop_price_tags import INK, PAPER, RED, House

BRANDS = ("岚川", "苏木", "小鹿家", "启明", "良仓", "云岭", "海之味", "百草园", "朴真", "欢宠", "墨白", "沁园春")
VIVID = Print(brands=BRANDS, grounds=("blocks", "ribs", "lattice", "hills"), layouts=("slab", "sash", "duo"), saturation=(0.4, 0.85), value=(0.5, 0.95))
EARTHY = Print(brands=BRANDS[2:], grounds=("kraft", "hills", "terrazzo", "ribs"), layouts=("stamp", "slab", "duo"), saturation=(0.2, 0.6), value=(0.4, 0.85))
FINE = Print(brands=BRANDS[:8], grounds=("night", "ribs", "lattice", "terrazzo"), layouts=("gift", "stamp", "duo"), saturation=(0.25, 0.75), value=(0.3, 0.8))
ALL = Print(brands=BRANDS, grounds=("blocks", "terrazzo", "kraft", "ribs", "hills", "lattice"), layouts=("slab", "sash", "duo", "stamp"),
            saturation=(0.25, 0.85), value=(0.4, 0.95))  # fmt: skip

BISCUITS = Trade(nouns=("曲奇", "苏打饼", "威化", "蛋卷"), flavours=("奶香", "抹茶", "芝麻", "巧克力", "海盐", "蔓越莓"), forms=("carton", "doypack", "sack"),
                 nets=("120g", "248g"), piece="盒", prices=(6, 36), tall=(0.68, 0.9), motifs=("bean", "petal", "ring"))  # fmt: skip
CEREAL = Trade(nouns=("燕麦片", "谷物圈", "藜麦粥"), flavours=("水果", "坚果", "酸奶", "黑芝麻", "原粒"), forms=("doypack", "carton", "tub"),
               nets=("350g", "500g"), piece="袋", prices=(16, 59), tall=(0.7, 0.92), motifs=("bean", "leaf", "ring"))  # fmt: skip
ENERGY = Trade(nouns=("能量饮", "电解质水", "咖啡", "气泡水"), flavours=("强劲", "西柚", "荔枝", "拿铁", "无糖", "薄荷"), forms=("slim", "water", "slim"),
               nets=("250ml", "600ml"), piece="罐", prices=(4, 12), tall=(0.7, 0.92), motifs=("bolt", "drop", "ring"))  # fmt: skip
WATER = Trade(nouns=("矿泉水", "山泉水", "柠檬茶"), flavours=("天然", "弱碱", "青柠", "蜜桃", "茉莉"), forms=("water", "square"),
              nets=("550ml", "1.5L"), piece="瓶", prices=(2, 9), tall=(0.74, 0.94), motifs=("drop", "leaf", "ring"))  # fmt: skip
YOGHURT = Trade(nouns=("希腊酸奶", "布丁", "奶酪杯"), flavours=("黄桃", "蓝莓", "椰果", "原味", "芒果"), forms=("tub", "tub", "square"),
                nets=("135g", "200g"), piece="杯", prices=(5, 22), tall=(0.5, 0.76), motifs=("petal", "ring", "fruit"))  # fmt: skip
HEALTH = Trade(nouns=("蛋白粉", "鱼油", "钙片", "益生菌"), flavours=("经典", "儿童", "女士", "中老年"), forms=("tub", "carton", "square"),
               nets=("60粒", "400g"), piece="瓶", prices=(49, 328), tall=(0.58, 0.84), motifs=("ring", "leaf", "drop"))  # fmt: skip
MAKEUP = Trade(nouns=("洁面乳", "护手霜", "卸妆油", "防晒"), flavours=("氨基酸", "玫瑰", "积雪草", "清爽", "烟酰胺"), forms=("pump", "square", "pump"),
               nets=("100g", "150ml"), piece="支", prices=(39, 219), tall=(0.6, 0.88), motifs=("petal", "ring", "drop"))  # fmt: skip
MASKS = Trade(nouns=("面膜", "眼贴", "足膜"), flavours=("补水", "亮肤", "胶原", "芦荟", "蜂胶"), forms=("blister", "blister"),
              nets=("5片", "10片"), piece="盒", prices=(19, 99), tall=(0.84, 0.96), motifs=("petal", "drop", "leaf"))  # fmt: skip
PETS = Trade(nouns=("猫粮", "狗粮", "冻干", "猫条"), flavours=("三文鱼", "鸡肉", "牛肉", "金枪鱼"), forms=("sack", "doypack"),
             nets=("400g", "1.5kg"), piece="袋", prices=(19, 168), tall=(0.72, 0.94), motifs=("fish", "bean", "ring"))  # fmt: skip
PAPER_GOODS = Trade(nouns=("抽纸", "湿巾", "厨房纸"), flavours=("绵柔", "印花", "加厚", "婴儿"), forms=("wrap", "doypack"),
                    nets=("100抽", "3包"), piece="提", prices=(6, 32), tall=(0.55, 0.8), motifs=("petal", "drop", "leaf"))  # fmt: skip
SPIRITS = Trade(nouns=("白酒", "米酒", "梅酒"), flavours=("陈酿", "窖藏", "清香", "典藏"), forms=("flask", "carton", "flask"),
                nets=("500ml", "750ml"), piece="瓶", prices=(38, 699), tall=(0.74, 0.93), motifs=("ring", "petal"))  # fmt: skip
OILS = Trade(nouns=("橄榄油", "芝麻油", "料酒"), flavours=("初榨", "古法", "黄豆", "葱姜"), forms=("flask", "square"),
             nets=("450ml", "750ml"), piece="瓶", prices=(9, 89), tall=(0.7, 0.92), motifs=("bean", "leaf", "drop"))  # fmt: skip
TOOLS = Trade(nouns=("电池", "充电线", "中性笔", "胶带"), flavours=("五号", "七号", "快充", "加长", "黑色"), forms=("blister",),
              nets=("1件", "4粒"), piece="卡", prices=(5, 49), tall=(0.82, 0.95), motifs=("bolt", "ring", "star"))  # fmt: skip

GREEN = House(layout="pharmacy", tall=0.54, paper=PAPER, accent=(16, 132, 72), ink=INK, digits="level", share=0.8, member=True)
ORANGE = House(layout="pharmacy", tall=0.5, paper=(252, 250, 244), accent=(222, 104, 24), ink=INK, digits="raised", share=0.55)
CRAFT = House(layout="kraft", tall=0.56, paper=(198, 162, 116), accent=INK, ink=(58, 38, 24), digits="trimmed", worn=0.5)
CRAFT_PALE = House(layout="kraft", tall=0.6, paper=(236, 226, 204), accent=INK, ink=(30, 44, 36), digits="level", share=0.8)
BLOCK_RED = House(layout="inverse", tall=0.46, paper=PAPER, accent=(196, 30, 36), ink=INK, digits="raised", share=0.52, unit=True)
BLOCK_BLUE = House(layout="inverse", tall=0.5, paper=PAPER, accent=(28, 66, 140), ink=INK, digits="level", share=0.8)
PURE = House(layout="minimal", tall=0.58, paper=(252, 252, 250), accent=(180, 150, 92), ink=(40, 40, 44), digits="trimmed", worn=0.15)
PURE_RAISED = House(layout="minimal", tall=0.56, paper=(244, 244, 246), accent=RED, ink=(24, 24, 28), digits="raised", share=0.58)
BAND = House(layout="split", tall=0.52, paper=PAPER, accent=(232, 142, 30), ink=INK, digits="raised", share=0.6, unit=True)
BAND_TEAL = House(layout="split", tall=0.5, paper=(246, 250, 248), accent=(20, 116, 124), ink=INK, digits="level", share=0.75)

LOOKS = (
    Look(name="r-bakery", trades=(BISCUITS,), prints=EARTHY, house=CRAFT, back="brick", back_tone=(150, 96, 78), board="wood",
         board_tone=(92, 62, 42), rail="lip", rail_tone=(92, 62, 42), rows=(2, 3), per_row=(5, 7), tag_px=(104, 128), light="spots"),
    Look(name="r-breakfast", trades=(CEREAL, BISCUITS), prints=VIVID, house=BLOCK_RED, back="louvre", back_tone=(204, 200, 192), board="metal",
         board_tone=(226, 224, 220), rail="strip", rail_tone=(232, 190, 70), rows=(3, 4), per_row=(5, 8), tag_px=(104, 126), sign="营养早餐"),
    Look(name="r-drinks", trades=(ENERGY, WATER), prints=VIVID, house=BAND_TEAL, back="cloth", back_tone=(40, 48, 58), board="wire",
         board_tone=(212, 214, 216), rail="strip", rail_tone=(24, 30, 38), rows=(4, 4), per_row=(6, 9), tag_px=(102, 120), glass=True, light="lit", crf=27),
    Look(name="r-chilled", trades=(YOGHURT, ENERGY), prints=ALL, house=PURE_RAISED, back="marble", back_tone=(210, 216, 220), board="glass",
         board_tone=(176, 204, 214), rail="glass", rail_tone=(214, 226, 232), rows=(3, 4), per_row=(6, 8), tag_px=(100, 120), camera=(1440, 1080), light="lit", glass=True),
    Look(name="r-wellness", trades=(HEALTH,), prints=ALL, house=GREEN, back="plain", back_tone=(240, 236, 226), board="wood",
         board_tone=(198, 170, 130), rail="strip", rail_tone=(236, 232, 220), rows=(3, 4), per_row=(5, 7), tag_px=(106, 128), sign="健康养护"),
    Look(name="r-boudoir", trades=(MAKEUP,), prints=FINE, house=PURE, back="cloth", back_tone=(206, 186, 184), board="glass",
         board_tone=(226, 216, 210), rail="lip", rail_tone=(214, 196, 186), rows=(3, 3), per_row=(6, 7), tag_px=(100, 120), light="spots", yaw=6),
    Look(name="r-cards", trades=(MASKS, TOOLS), prints=VIVID, house=BLOCK_BLUE, back="slat", back_tone=(228, 224, 216), board="metal",
         board_tone=(170, 172, 176), rail="none", rail_tone=(200, 60, 60), rows=(2, 3), per_row=(6, 9), tag_px=(100, 122), hung=True, pitch=6),
    Look(name="r-pets", trades=(PETS, PAPER_GOODS), prints=ALL, house=BAND, back="grid", back_tone=(188, 192, 190), board="metal",
         board_tone=(46, 92, 70), rail="strip", rail_tone=(46, 110, 80), rows=(2, 3), per_row=(5, 7), tag_px=(86, 102), camera=(1280, 720), crf=23),
    Look(name="r-cellar", trades=(SPIRITS, OILS), prints=FINE, house=CRAFT_PALE, back="planks", back_tone=(74, 52, 40), board="wood",
         board_tone=(54, 38, 30), rail="wood", rail_tone=(66, 46, 36), rows=(2, 3), per_row=(6, 8), tag_px=(104, 128), light="spots", crf=26),
    Look(name="r-kitchen", trades=(OILS, PAPER_GOODS, CEREAL), prints=ALL, house=ORANGE, back="perforated", back_tone=(232, 230, 226), board="metal",
         board_tone=(160, 60, 44), rail="clear", rail_tone=(226, 220, 210), rows=(3, 4), per_row=(5, 8), tag_px=(92, 110), camera=(1600, 1000), yaw=7, pitch=6),
)  # fmt: skip
