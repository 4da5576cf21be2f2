import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.cloud.netflix.eureka.server.EnableEurekaServer;

/** Eureka's server. Every setting is an argument: {@code --server.port=8761}. */
@EnableAutoConfiguration
@EnableEurekaServer
public class EurekaServer {
    public static void main(String[] arguments) {
        if (arguments.length == 1 && arguments[0].equals("--version")) {
            System.out.println("Spring Cloud Netflix Eureka "
                    + EnableEurekaServer.class.getPackage().getImplementationVersion());
            return;
        }
        SpringApplication.run(EurekaServer.class, arguments);
    }
}
