"""Personal details planted in sentences, by kind and language, and sentences that hold none."""

from random import Random

PHONES_ZH = """13812345678|139 8765 4321|158-1122-3344|+86 186 0011 2233|+8617712340987|(+86)15900001111
86-13344445555|010-62345678|(0571)8765 4321|0755-26001234|021 63219876|0431-88901234转806|400-820-1234
800-810-5678|１３８１２３４５６７８|13511112222|199 5555 6666|17012349876|02088776655|0371-6655443|189-0000-1111
16688889999|+86-10-8765 4321|0086 13711112222|15233334444|0898 66778899|147 1234 0000|13100001234|188 8888 1234
025-83456789|028-8765-4321|19812340000"""
PHONES_EN = """(212) 736-5000|212-736-5001|212.736.5002|1-800-555-3535|+1 415 555 2671|+1-202-456-1111
+44 20 7946 0018|020 7946 0991|07700 900461|+44 7911 123456|0161 496 0023|+33 1 23 45 67 89|01 23 45 67 89
+49 30 901820|+61 2 9374 4000|+353 1 679 9000|(617) 253-1000|617-253-1000 ext. 44|+1 (301) 496-5717
1 (888) 346-3656|646-555-0143|+91 98765 43210|+81 3 1234 5678|00 44 20 7946 0018|+1.650.253.0000
913-588-5000 x12|(01865) 270000|07911 123456|+52 55 1234 5678|+39 06 698 82022|800-273-8255|206 543-2100"""
PHONES_AR = """0501234567|٠٥٠١٢٣٤٥٦٧|+966501234567|+966 50 123 4567|00966501234567|٠٠٩٦٦٥٠١٢٣٤٥٦٧|01012345678
٠١٠١٢٣٤٥٦٧٨|+20 10 1234 5678|+971 50 123 4567|050 123 4567|٠٥٥ ٩٨٧ ٦٥٤٣|0791234567|+962 79 123 4567
+212 661 234567|+213 551 23 45 67|011 462 3456|٠١١ ٤٦٢ ٣٤٥٦|+965 2245 6789|02-27654321|+961 3 123456|0559876543
07701234567|+964 770 123 4567|٠٥٦٧٨٩٠١٢٣|+974 5512 3456|00971501234567|+216 20 123 456|0661234567|01123456789
+218 91 234 5678|٠٧٧٠١٢٣٤٥٦٧"""
EMAILS = """john.smith@hospital.org|a_b-c+d@mail.example.co.uk|zhang3@qq.com|lihua.1980@163.com|x@y.io
WANG@PKU.EDU.CN|fatima.ali@gmail.com|dr-jones@st-marys.nhs.uk|m.o'k@clinic.ie|user123@sub.domain.example.com
first.last@web.de|info@klinik-nord.de|jane_doe99@yahoo.com|ahmad@ksu.edu.sa|12345678@qq.com
n.nguyen@uni-heidelberg.de|mary (at) clinic.org|paul [at] site.net|k.lee@snu.ac.kr|sara@moh.gov.ae
anna.k@ward7.hosp.fi|c3po@robots.museum|liu_yang@sina.com.cn|peter＠example.com|o@x.org|team-lead@a-b-c.com
HELP@CARE.COM|noor.h@outlook.sa|r2@d2.co|sam%west@relay.net"""
DATES_ZH = """2024年3月5日|2023年12月31日|1998年1月1号|2024-03-05|2021/7/9|2020.11.02|二〇二四年三月五日
二零一九年十二月二十一日|3月5日|12月25号|2024年3月|１９８７年６月５日|2005 年 8 月 17 日|1960-02-29|24年3月5日
2019年10月1日|2011-11-11|2022/02/28|1949年10月1日|2016年2月29日|7月31日|2008年8月|2010-1-5|2018.6.30
一九七六年七月二十八日|2001年09月03日|2013/12/1|99年5月4日|2015年1月15日|11月11日"""
DATES_EN = """2024-03-05|5 March 2024|March 5, 2024|05/03/2024|3/5/2024|12/31/1999|31.12.1999|5-Mar-2024
05-MAR-24|Mar 5, 2024|Sept. 9, 2001|5th of March 2024|March 5th, 2024|July 4|4 July|21st of June 1987|June 1995
Feb. 29, 2000|3/5/24|December 25, 1980|1 Jan 2010|2021/06/30|August 2011|02-28-2019|October 10th|May 5, 2016
May 2019|11 November 1918|Apr 1, 2022|22nd January 2015|2010.12.24"""
DATES_AR = """5 مارس 2024|٥ مارس ٢٠٢٤|٥/٣/٢٠٢٤|2024/03/05|٢٠٢٤-٠٣-٠٥|12 كانون الثاني 2020|٣ آذار ٢٠١٩
15 شباط 2018|7 تشرين الأول 2021|1 يناير 2000|٢٥ ديسمبر ١٩٨٠|9 أغسطس 2015|31/12/1999|5 من مارس 2024
20 جويلية 1962|14 أوت 1990|11 غشت 1979|مارس 2024|يونيو ٢٠٢٢|5 مارس|٢٣ يوليو|30 أيلول 2017|6 أكتوبر 1973
8 نيسان 2003|17 أيار 2011|1 نوفمبر 1954|10 فبراير 2014|18 تموز 1999|2 حزيران 2006|28 أبريل 2012|٠١/٠١/١٩٩٠"""
RECORDS_ZH = """住院号：⟦ZY0012345⟧|住院号⟦889231⟧|病历号：⟦2024030512⟧|病案号:⟦B-10234⟧|门诊号：⟦00045678⟧
门诊号为⟦778812⟧|床号：⟦12⟧|床号⟦3-12⟧|⟦12⟧床患者诉头痛|⟦加3⟧床今日出院|⟦08⟧号床|第⟦15⟧床|就诊卡号：⟦6600123⟧
就诊号：⟦M20231101⟧|登记号：⟦0001234567⟧|检查号：⟦CT20230918⟧|标本号：⟦S-2281⟧|病理号：⟦2023-11872⟧
超声号：⟦US10023⟧|影像号：⟦90871⟧|医保卡号：⟦330100199⟧|病人ID：⟦P00912⟧|患者编号：⟦A7781⟧|体检号：⟦20240011⟧
CT号：⟦156872⟧|X线号：⟦77120⟧|床位号：⟦A12⟧|⟦7⟧床心电监护|⟦21⟧床、⟦22⟧床均已查房|档案号：⟦DA-00981⟧
急诊号：⟦E88213⟧|住院号（⟦556677⟧）"""
RECORDS_EN = """MRN: ⟦00123456⟧|MRN ⟦884422⟧|MRN#⟦A1029384⟧|medical record number ⟦7781234⟧
Medical Record No. ⟦99-12-33⟧|medical record #⟦55123⟧|hospital number: ⟦H44321⟧|Hospital No. ⟦120034⟧|bed ⟦12⟧
Bed ⟦7A⟧|bed no. ⟦23⟧|Bed #⟦4⟧|bed number ⟦31⟧|chart number ⟦30021⟧|Chart No: ⟦C-8812⟧|patient ID: ⟦P12009⟧
Patient ID ⟦77001⟧|accession number ⟦A2023-0991⟧|encounter no. ⟦8812003⟧|admission number ⟦2231⟧
specimen no. ⟦S18-2210⟧|NHS number: ⟦943 476 5919⟧|insurance number ⟦QX882211⟧|case number ⟦22-0019⟧
file no. ⟦6612⟧|visit number: ⟦V00912⟧|M.R.N. ⟦445566⟧|patient number ⟦100231⟧|health record number: ⟦HR-22019⟧
in cot ⟦3⟧|account number ⟦00928812⟧|registration no. ⟦R5521⟧"""
RECORDS_AR = """رقم الملف: ⟦12345⟧|رقم الملف ⟦٨٨٢١٣⟧|رقم الملف الطبي: ⟦A-22190⟧|رقم السجل: ⟦99120⟧
رقم السجل الطبي ⟦٥٥٠١٢⟧|سرير رقم ⟦12⟧|السرير رقم ⟦٧⟧|رقم السرير: ⟦23⟧|سرير ⟦٤⟧|ملف رقم ⟦7781⟧|الملف رقم ⟦٦٦٠١⟧
رقم المريض: ⟦100231⟧|رقم الدخول: ⟦2023881⟧|رقم الزيارة ⟦5512⟧|رقم العينة: ⟦S-1129⟧|رقم التسجيل ⟦٩٩٨٨٧⟧
سجل رقم ⟦3310⟧|السجل الطبي رقم ⟦77123⟧|رقم سرير ⟦15⟧|رقم ملف ⟦٣٣٢١⟧|رقم ملف المريض ⟦88012⟧|رقم التأمين: ⟦QA7781⟧
رقم التأمين الصحي ⟦٧٧٠٠١٢⟧|رقم سجل المريض: ⟦4410⟧|سرير رقم: ⟦٩⟧|رقم الملف هو ⟦55621⟧|في السرير ⟦18⟧
رقم الدخول ⟦٤٤١٢⟧|الملف الطبي رقم: ⟦MR-99123⟧|رقم العينة ⟦٢٢١⟧"""
ADDRESSES_ZH = """北京市海淀区学院路37号|上海市浦东新区世纪大道100号|广东省深圳市南山区科技南路12号3栋502室
浙江省杭州市西湖区文三路478号|四川省成都市武侯区人民南路三段17号|湖北省武汉市洪山区珞喻路1037号
南京市鼓楼区汉口路22号|天津市和平区南京路189号|重庆市沙坪坝区沙正街174号
河北省石家庄市裕华区体育南大街5号2单元301室|辽宁省沈阳市沈河区文化路103号|山东省济南市历下区经十路9999号
陕西省西安市碑林区咸宁西路28号|湖南省长沙市岳麓区麓山南路932号|福建省厦门市思明区思明南路422号
云南省昆明市五华区翠湖北路2号|江苏省苏州市姑苏区十全街8号|安徽省合肥市蜀山区金寨路96号
吉林省长春市朝阳区前进大街2699号|黑龙江省哈尔滨市南岗区西大直街92号|河南省信阳市固始县陈集镇大庄村
贵州省毕节市威宁县石门乡新龙村三组|甘肃省定西市临洮县洮阳镇文峰村5组12号|内蒙古自治区包头市昆都仑区钢铁大街66号
江西省赣州市章贡区文清路56号|广州市天河区中山大道西55号|山西省太原市迎泽大街79号|宁波市江北区风华路818号7幢402室
大连市甘井子区凌工路2号|青岛市崂山区松岭路238号"""
ADDRESSES_EN = """221 Baker Street|742 Evergreen Terrace|1600 Pennsylvania Avenue NW|350 Fifth Avenue, Suite 3300
12 Old Mill Road|4059 Mt Lee Dr.|77 Massachusetts Ave, Cambridge, MA 02139|10 Downing Street, London SW1A 2AA
123 N. Main St., Springfield, IL 62704|P.O. Box 1182|PO Box 99, Austin, TX 78701|5 Elm Court
88 Colin P Kelly Jr St|1 Infinite Loop, Cupertino, CA 95014|500 S Buena Vista Street, Burbank, CA 91521
15B Rose Lane|900 West 5th Street, Apt 4B|2300 Windy Ridge Parkway|45 High Street|67 St Mary's Road
Flat 3, 12 Harley Street|233 S Wacker Drive, Chicago, IL 60606-7147|30 Rockefeller Plaza|8 Rue Crescent
19 King's Close|1000 5th Ave, New York, NY 10028|42 Wallaby Way|3800 Reservoir Road NW, Washington, DC 20007
6 Maple Drive|Rockville, MD 20852|101 Independence Boulevard"""
ADDRESSES_AR = """شارع الملك فهد، حي العليا|شارع التحرير رقم 15|شارع 26 يوليو، عمارة 12، شقة 5
حي النزهة، شارع الأمير سلطان|شارع الجمهورية، مبنى 7|طريق الملك عبدالله، حي الورود|عمارة 14، شارع الهرم
شارع الحمراء، بناية 22، الطابق 3|شارع المتنبي رقم ٤٥|حي السلام، شارع 12، منزل 8|شارع فيصل رقم ١٠٢
شارع الرشيد، محلة 3، زقاق 12|شارع بورقيبة رقم 9|حي الروضة، شارع خالد بن الوليد|شارع الثورة، بناية رقم 4
شارع النصر، حي الزهور|فيلا 33، شارع الوصل|شارع قصر النيل رقم 21|حي الياسمين، شارع 40|شارع عمان رقم 6
شقة 12، عمارة 5، شارع البحر|شارع مكة، مبنى 118|طريق المدينة، حي الصفا|شارع طرابلس رقم ٧٧
شارع الحبيب بورقيبة، عمارة 3|حي المعادي، شارع 9|شارع الكورنيش رقم 10|شارع السودان، عمارة 88|شارع النيل رقم ٣٠
حي الملز، شارع الستين"""
NAMES_ZH = """患者⟦王小明⟧，男，45岁|患者⟦李娟⟧因发热入院|姓名：⟦欧阳雪⟧|姓名:⟦张伟⟧ 性别:男
病人⟦陈志强⟧于昨日出院|主治医师：⟦刘建国⟧|⟦周⟧先生来诊|⟦赵⟧女士，32岁|请⟦孙⟧大夫会诊|⟦吴⟧主任查房
⟦郑晓燕⟧女士诉腹痛|感谢⟦冯⟧医生|患者⟦司马光宇⟧，女|联系人：⟦褚红⟧|⟦诸葛⟧先生|记录者：⟦卫东平⟧|产妇⟦蒋丽⟧，孕39周
患儿⟦沈浩然⟧，3岁|家属⟦韩梅⟧签字|⟦杨丽华⟧医生建议手术|医生⟦朱永康⟧告知病情|⟦秦⟧教授的号|我叫⟦尤佳⟧，今年30岁
患者⟦许文静⟧主诉咳嗽|⟦何⟧老师介绍来的|护士：⟦吕敏⟧|病人姓名：⟦施国庆⟧|患者姓名 ：⟦孔令辉⟧|⟦曹⟧护士长
⟦严宏⟧教授会诊|主任医师：⟦魏⟧ |⟦上官婉⟧小姐|患者⟦慕容嘉⟧，25岁|术者：⟦汤学文⟧|签名：⟦贺军⟧
姓名：⟦古丽·买买提⟧|患者⟦卓玛·次仁⟧因咳嗽就诊|⟦张三丰⟧先生|⟦龚⟧院长查房"""
NAMES_EN = """Mr ⟦Smith⟧ was admitted|Mrs. ⟦Okonjo⟧ complained of pain|Dr. ⟦Patel⟧ reviewed the scan
Patient name: ⟦Laura Whitfield⟧|Patient name: ⟦WHITFIELD, Laura⟧|Patient ⟦John Carver⟧ is a 45-year-old man
seen by Dr ⟦Anne-Marie Dupont⟧|Prof. ⟦van der Berg⟧ agreed|Ms ⟦O'Leary⟧ was discharged
⟦James T. Holloway⟧ returned to clinic|⟦Maria Delacroix⟧ denies chest pain|Name: ⟦Robert Tanaka⟧
⟦Sarah Lindqvist⟧, MD|Attending: ⟦Michael Brandt⟧|Dr. ⟦J. Moreau⟧|my name is ⟦Emily Novotny⟧
Mr. ⟦Li⟧ has diabetes|Miss ⟦Jennifer Ashdown⟧ was seen|Next of kin: ⟦Peter Ashdown⟧
Dictated by: ⟦Susan K. Rourke⟧, MD|⟦Ahmed Farouk⟧ presented with cough|⟦Priya Raghunathan⟧ called today
Professor ⟦Higgins⟧ explained|⟦David Kimura⟧'s wife|Referring physician: ⟦Helen Straub⟧
Mr and Mrs ⟦Dursley⟧ came|Emergency contact: ⟦Thomas Weller⟧|⟦George Castellanos⟧ and his son
Dr. ⟦Yamamoto⟧ performed surgery|Full name: ⟦Olivia Marchetti⟧|Surgeon: ⟦Daniel Frost⟧
spoke with ⟦Karen Whitlock⟧ by phone|⟦Xiu Ng⟧, M.D.|Mrs ⟦Mary Ann Cartwright⟧ slept well"""
NAMES_AR = """المريض ⟦محمد أحمد العلي⟧ يعاني من ألم|المريضة ⟦فاطمة حسن⟧ حضرت اليوم|السيد ⟦خالد العتيبي⟧
السيدة ⟦نورة القحطاني⟧ تشكو|الدكتور ⟦أحمد زكي⟧ فحص المريض|د. ⟦سامي يوسف⟧|د. ⟦ليلى حداد⟧ أوصت
الاسم: ⟦عبد الرحمن بن خالد⟧|الاسم: ⟦مريم الصالح⟧ العمر: 30|اسم المريض: ⟦يوسف إبراهيم⟧|الطبيب ⟦حسين علي⟧ كتب
الأستاذ ⟦طارق محمود⟧|الدكتورة ⟦هدى الشريف⟧ قالت|السيد ⟦عبد الله آل سعود⟧ وصل|المريض ⟦سعيد بن ناصر الدوسري⟧ أدخل
أ.د. ⟦مصطفى كمال⟧|المريضة ⟦عائشة بنت عمر⟧|السيد ⟦ابن خلدون⟧|المهندس ⟦ياسر عبد الكريم⟧|للدكتور ⟦وليد منصور⟧
والسيدة ⟦سلمى الخطيب⟧|الممرضة ⟦زينب جاسم⟧ أعطت|الطفل ⟦آدم سليمان⟧ بكى|اسمي ⟦كريم بلقاسم⟧|يدعى ⟦إدريس العلوي⟧
اسم الأم: ⟦خديجة محمود⟧|د/ ⟦هاني شحاتة⟧|المدعو ⟦فهد المطيري⟧|الشيخ ⟦زايد آل نهيان⟧|المريض ⟦أبو بكر صالح⟧ خرج
الطبيبة ⟦ريم حمدان⟧|السيد ⟦جورج خوري⟧"""
CARRIERS = {
    "phone": {
        "zh": ("联系电话：{}。", "请拨打{}咨询", "手机{}，微信同号"),
        "en": ("Call {} today.", "Phone: {}", "reach us at {}, please"),
        "ar": ("هاتف {}", "اتصل على {} الآن", "رقم الجوال: {}."),
    },
    "email": {
        "zh": ("邮箱{}，谢谢", "发到 {}。"),
        "en": ("Write to {}.", "({})", "e-mail: {}, or call"),
        "ar": ("البريد: {} شكرا", "راسل {}."),
    },
    "date": {
        "zh": ("患者于{}入院", "日期：{}，", "{}出生"),
        "en": ("He was seen on {}.", "since {}, no fever", "Date: {}"),
        "ar": ("بتاريخ {}.", "في {} دخل المستشفى"),
    },
    "address": {
        "zh": ("家住{}。", "地址：{}，", "患者现居{}"),
        "en": ("She lives at {}.", "Address: {}", "moved to {} last"),
        "ar": ("يسكن في {}.", "العنوان: {}"),
    },
    "id_card": {
        "zh": ("身份证号：{}，", "证件{}。", "（{}）"),
        "en": ("ID {} on file", "document {}."),
        "ar": ("الهوية {} سارية", "رقم {}."),
    },
    "card": {
        "zh": ("卡号{}，", "付款账户：{}。"),
        "en": ("paid by {} today", "card number: {}."),
        "ar": ("البطاقة {} منتهية", "الدفع {}."),
    },
}
NOTHING = """The dose was 500 mg twice daily, BP 120/80 mmHg, strength 3/5, GCS 15/15.
ISBN 978-3-16-148410-0 and ISSN 2049-3630|PMID: 21645374, doi:10.1016/j.jad.2012.03.001
ICD-10 E11.9, C50.911; CPT 99213|Mutations in BRCA1, TP53 and HLA-DRB1*04:01|pp. 1234-1245, vol. 12(3):45-67
95% CI 1.02-1.35; p = 0.0012; n = 12345|NCT01234567 enrolled 1,234 patients
The ratio was 1:1000, range 10-20-30 mg|Parkinson's disease, Alzheimer disease, Bell's palsy and Crohn's disease
Dr House effect|Down syndrome and Turner syndrome; Wilson's disease|in 2019 and 2020-2021
She goes to bed 2 hours after dinner.|a 300-bed hospital, bed rest 3 days
Hodgkin lymphoma, Kaposi sarcoma, Guillain-Barre syndrome|Johns Hopkins Hospital; Mayo Clinic
Take Advil or Tylenol; metoprolol succinate 25 mg|T2-weighted MRI, C5-C6 disc|St. John's Wort may help
NDC 0071-0157-40 is a package code|NM_000059.3:c.68_69delAG rs80357906|WBC 12.3 x 10^9/L; Na 135-145 mmol/L
Figure 3, Table 4, Section 2.3.1|Version 10.0.19041.1234|192.168.100.100|Patient Education and Counseling
See Your Doctor Regularly|What Your Doctor Needs to Know|Doctor Visits|Vitamin D 1000 IU for 12 weeks
they march 5 miles|CAS 50-78-2|ratio 3/4/5 pattern|the May 12 Group|1234567890 cells per mL|Lou Gehrig's disease
Pierre Robin sequence|Marfan syndrome in 1 of 5,000|Charcot-Marie-Tooth disease type 1A
患者高血压病史10年，血压120/80mmHg|病人安全是第一位的|患者应避免饮酒|高血压患者白细胞升高|去医院检查医生说没事
谢谢医生|帕金森病与唐氏综合征|每日3次，每次2片，共14天|医院有300床位，开放500张床|床旁心电图|术后第3床边活动
1床被子|新农合报销比例70%|参考文献[12-15]，第123-130页|体温38.5℃，心率110次/分|阿司匹林100mg口服|向医生咨询
时间在1月到2月之间|患者因时间较长，何时复查|任何医生都会说|平时医生建议|值班护士查房|当时主任不在
疗程3个月，5年生存率|10号公路|3号楼有电梯|李时珍《本草纲目》卷十二|黄芪、党参各15克|北京市海淀区医院
上海市第一人民医院|血糖6.1-7.0mmol/L|二尖瓣、三尖瓣|患者周围神经病变|患者全身乏力|病人温度正常|患者常见症状
患者明显消瘦|医生简单问了问|小儿推拿常用穴|江苏省的农村|中药方剂白虎汤|住在冰箱里的蛋盒子里
مرض باركنسون ومتلازمة داون|ضغط الدم 120/80 والنبض 72|جرعة 500 ملغ مرتين يوميا|المريض يعاني من السكري
الطبيب المعالج قرر|ثورة الجزائر عام 1954|كائن حي في الماء|نسبة ٣٠٪ من المرضى|الدكتور قال إن المريض بخير
من 5 إلى 10 أيام|لم يحصل أي مريض على تحصين|المريض الذي حضر|السيد الرئيس|عن محمد بن الحسن قال|في الشارع والطريق
عام ٢٠٢٠ كان صعبا|القرن 21 وما بعده|السيدة التي تعاني|طريق الحرير القديم|درجة الحرارة 38.5""".replace("\n", "|").split(
    "|"
)


def planted(kind: str, language: str) -> list[tuple[str, list[str]]]:
    """(text, what is planted in it) for one kind and language."""
    if kind in ("record", "name"):
        marked = globals()[{"record": "RECORDS", "name": "NAMES"}[kind] + "_" + language.upper()]
        return [_unmarked(one) for one in marked.replace("\n", "|").split("|")]
    carriers = CARRIERS[kind][language]
    return [(carriers[i % len(carriers)].format(one), [one]) for i, one in enumerate(_values(kind, language))]


def _values(kind: str, language: str) -> list[str]:
    if kind == "id_card":
        return [id_card(Random(f"{language}{i}"), i % 5 == 4) for i in range(30)]
    if kind == "card":
        return [card(Random(f"{language}{i}"), i) for i in range(30)]
    if kind == "email":
        return EMAILS.replace("\n", "|").split("|")
    name = {"phone": "PHONES", "date": "DATES", "address": "ADDRESSES"}[kind]
    return str(globals()[f"{name}_{language.upper()}"]).replace("\n", "|").split("|")


def _unmarked(marked: str) -> tuple[str, list[str]]:
    pieces = marked.replace("⟧", "⟦").split("⟦")
    return "".join(pieces), pieces[1::2]


def id_card(draw: Random, old: bool) -> str:
    """A valid Chinese identity card number: ISO 7064 says that the weighted sum modulo 11 of all eighteen is 1."""
    place = draw.choice(("110101", "310115", "440305", "330106", "510107", "650102", "230103"))
    born = f"{draw.randint(1940, 2015)}{draw.randint(1, 12):02}{draw.randint(1, 28):02}"
    if old:
        return f"{place}{born[2:]}{draw.randint(0, 999):03}"
    body = f"{place}{born}{draw.randint(0, 999):03}"
    total = sum(int(digit) * pow(2, 17 - at, 11) for at, digit in enumerate(body))
    last = (1 - total) % 11
    return body + ("X" if last == 10 else str(last))


def card(draw: Random, i: int) -> str:
    """A card number whose Luhn sum is a multiple of ten, in one run or in groups."""
    start, size = (("4", 16), ("5412", 16), ("37", 15), ("6226", 19), ("6011", 16), ("3530", 16))[i % 6]
    body = start + "".join(str(draw.randint(0, 9)) for _ in range(size - 1 - len(start)))
    for last in range(10):
        digits = [int(digit) for digit in f"{body}{last}"][::-1]
        if (sum(digits[::2]) + sum(sum(divmod(2 * digit, 10)) for digit in digits[1::2])) % 10 == 0:
            whole = f"{body}{last}"
            break
    mark = ("", " ", "-")[i % 3] if size == 16 else ""
    return mark.join(whole[at : at + 4] for at in range(0, 16, 4)) if mark else whole
