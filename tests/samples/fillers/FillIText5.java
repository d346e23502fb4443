import com.itextpdf.text.pdf.AcroFields;
import com.itextpdf.text.pdf.BaseFont;
import com.itextpdf.text.pdf.PdfReader;
import com.itextpdf.text.pdf.PdfStamper;
import java.io.FileOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Fills a form with iText 5, as many school and council systems do.
 *
 * <p>Usage: java FillIText5 BLANK.pdf ANSWERS.txt OUT.pdf FONT.ttf whole|append. "append" writes the
 * answers behind the old file as an incremental save. ANSWERS.txt: one answer per line, the name, a
 * tab, the value with "\n" and "\\" written out.
 */
public final class FillIText5 {
  public static void main(String[] words) throws Exception {
    PdfReader reader = new PdfReader(words[0]);
    boolean append = words[4].equals("append");
    PdfStamper stamper = new PdfStamper(reader, new FileOutputStream(words[2]), '\0', append);
    AcroFields fields = stamper.getAcroFields();
    BaseFont font = BaseFont.createFont(words[3], BaseFont.IDENTITY_H, BaseFont.EMBEDDED);
    font.setSubset(true);
    fields.addSubstitutionFont(font);
    List<String> lines = Files.readAllLines(Path.of(words[1]), StandardCharsets.UTF_8);
    for (String line : lines) {
      int tab = line.indexOf('\t');
      String name = line.substring(0, tab);
      String value = line.substring(tab + 1).translateEscapes();
      if (!fields.setField(name, value)) {
        throw new IllegalStateException("iText did not take the field " + name);
      }
    }
    stamper.close();
    reader.close();
  }
}
